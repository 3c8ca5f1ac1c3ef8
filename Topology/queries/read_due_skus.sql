-- The SKUs of the holds that have come due, looked up one by one (see read_order_skus).
-- $1 partition, $2 until, $3 at most
select sku, stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted, backordered,
    last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at, on_sale_from,
    on_sale_until, on_shortage::text, waitlist_limit, backorder_limit, available_from from sku where sku = any (array(
    select sku from intent where partition = $1 and status = 'reserved' and hold_until <= $2
    order by partition, hold_until, token limit $3
))
