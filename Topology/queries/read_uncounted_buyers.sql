-- What buyers have a claim on, of SKUs that do not count it yet: once in the life of a SKU.
-- $1 SKUs, $2 buyers
select i.sku, i.buyer, sum(i.quantity - i.returned)::bigint
from intent i join unnest($1::text[], $2::text[]) as k (sku, buyer) on i.sku = k.sku and i.buyer = k.buyer
where i.status in ('reserved', 'confirmed', 'waitlisted', 'backordered')
group by i.sku, i.buyer
