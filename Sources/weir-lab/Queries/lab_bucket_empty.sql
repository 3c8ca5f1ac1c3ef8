-- Closes the buckets of a server that is gone and gives back what no order has used.
with closed as (
    update lab_bucket set open = false where open returning bucket, sku, units
), used as (
    select bucket, sum(quantity) as units from lab_order
    where status = 'confirmed' and bucket in (select bucket from closed) group by bucket
), unused as (
    select sku, sum(closed.units - coalesce(used.units, 0)) as units
    from closed left join used using (bucket) group by sku
)
update lab_stock set available = available + units from unused where lab_stock.sku = unused.sku
