-- Takes units and writes the order only if nobody has changed the row since it was read.
-- $1 token, $2 SKU, $3 quantity, $4 buyer, $5 version
with taken as (
    update lab_stock set available = available - $3, version = version + 1
    where sku = $2 and version = $5 returning 1
)
insert into lab_order (token, sku, quantity, buyer, status)
select $1, $2, $3, $4, 'confirmed' from taken returning 1
