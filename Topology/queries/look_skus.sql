-- One page of stock levels, in order of the SKU.
-- $1 after this SKU, $2 at most
select sku, stocked, available, held, sold, version, hold_seconds, max_per_intent
from sku where sku > $1 order by sku limit $2
