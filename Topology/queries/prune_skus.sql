-- $1 SKUs
select sku, stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted, backordered,
    last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at, on_sale_from,
    on_sale_until, on_shortage::text, waitlist_limit, backorder_limit, available_from, pruned_sold
from checkpoint_sku where sku = any ($1)
