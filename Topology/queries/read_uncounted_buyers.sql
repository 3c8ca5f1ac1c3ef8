-- What buyers have a claim on, of SKUs that do not count it yet: once in the life of a SKU. One statement, so that a
-- sale which a prune turns from a row into a total is seen as one of the two.
-- $1 SKUs, $2 buyers
select k.sku, k.buyer, sum(c.units)::bigint
from unnest($1::text[], $2::text[]) as k (sku, buyer)
join (
    select sku, buyer, quantity - returned as units from intent
    where status in ('reserved', 'confirmed', 'waitlisted', 'backordered')
    union all
    select sku, buyer, units from pruned_buyer
) c on c.sku = k.sku and c.buyer = k.buyer
group by k.sku, k.buyer
