-- What buyers have a claim on, where there is a row.
-- $1 SKUs, $2 buyers
select b.sku, b.buyer, b.units
from unnest($1::text[], $2::text[]) as k (sku, buyer)
join buyer_total b on b.sku = k.sku and b.buyer = k.buyer
