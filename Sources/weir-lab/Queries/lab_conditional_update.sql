-- The whole decision in one statement and one transaction: a unit is taken only if there is one, and the order is
-- written in the same commit. A known token violates the key, which undoes the taking too.
-- $1 token, $2 SKU, $3 quantity, $4 buyer
with taken as (
    update lab_stock set available = available - $3 where sku = $2 and available >= $3 returning 1
)
insert into lab_order (token, sku, quantity, buyer, status)
select $1, $2, $3, $4, case when exists (select from taken) then 'confirmed' else 'rejected' end
returning status
