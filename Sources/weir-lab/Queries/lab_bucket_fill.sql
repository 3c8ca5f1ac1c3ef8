-- Moves units from the stock into a bucket: as many as wanted, or what there is.
-- $1 SKU, $2 units
with before as (
    select sku, least(available, $2) as units from lab_stock where sku = $1 and available > 0 for update
), taken as (
    update lab_stock set available = available - units from before
    where lab_stock.sku = before.sku returning units
)
insert into lab_bucket (sku, units) select $1, units from taken returning bucket, units
