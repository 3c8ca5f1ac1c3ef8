-- The SKUs of the lines that orders have in a partition. As an array they are looked up one by one: a join would be
-- planned for so many of them that it walks the whole table.
-- $1 partition, $2 tokens of orders
select sku, stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted, backordered,
    last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at, on_sale_from,
    on_sale_until, on_shortage::text, waitlist_limit, backorder_limit, available_from from sku where sku = any (array(
    select i.sku from unnest($2::text[]) as o (token)
    join intent i on i.token > o.token || '/' and i.token < o.token || '0' and i.partition = $1
))
