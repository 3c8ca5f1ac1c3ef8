-- One page of stock levels, in order of the SKU.
-- $1 after this SKU, $2 at most
select sku, stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted, backordered,
    last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at, on_sale_from,
    on_sale_until, on_shortage::text, waitlist_limit, backorder_limit, available_from
from sku where sku > $1 order by sku limit $2
