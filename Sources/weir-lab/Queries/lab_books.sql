-- Every SKU: what was put in, what can still be sold (units that wait in a bucket too), and what the orders say was
-- sold.
with used as (
    select bucket, sum(quantity) as units from lab_order
    where status = 'confirmed' and bucket is not null group by bucket
), waiting as (
    select sku, sum(lab_bucket.units - coalesce(used.units, 0)) as units
    from lab_bucket left join used using (bucket) where open group by sku
), orders as (
    select sku, sum(quantity) as units from lab_order where status = 'confirmed' group by sku
)
select sku, stocked, (available + coalesce(waiting.units, 0))::bigint, coalesce(orders.units, 0)::bigint
from lab_stock left join waiting using (sku) left join orders using (sku)
