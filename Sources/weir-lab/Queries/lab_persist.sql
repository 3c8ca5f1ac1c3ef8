-- Writes orders that were decided elsewhere, and takes their units. A task that comes again changes nothing.
-- $1 tokens, $2 SKUs, $3 quantities, $4 buyers, $5 statuses
with new as (
    insert into lab_order (token, sku, quantity, buyer, status)
    select * from unnest($1, $2, $3, $4, $5)
    on conflict (token) do nothing returning sku, quantity, status
), sold as (
    select sku, sum(quantity) as units from new where status = 'confirmed' group by sku
)
update lab_stock set available = available - units from sold where lab_stock.sku = sold.sku
