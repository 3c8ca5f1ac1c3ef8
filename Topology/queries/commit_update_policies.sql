-- The policies of known SKUs that were defined anew; their version was checked when their counters were written.
-- $1 how many, then one array a column
with changed as (
    update sku set hold_seconds = s.hold_seconds, max_per_intent = s.max_per_intent,
        counts_buyers = s.counts_buyers, max_hold_seconds = s.max_hold_seconds,
        max_per_buyer = s.max_per_buyer, safety_stock = s.safety_stock, low_stock_at = s.low_stock_at,
        on_sale_from = s.on_sale_from, on_sale_until = s.on_sale_until,
        on_shortage = s.on_shortage::shortage_rule, waitlist_limit = s.waitlist_limit,
        backorder_limit = s.backorder_limit, available_from = s.available_from
    from unnest($2::text[], $3::integer[], $4::integer[], $5::boolean[], $6::integer[], $7::bigint[],
        $8::bigint[], $9::bigint[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::bigint[],
        $14::bigint[], $15::timestamptz[])
        as s (sku, hold_seconds, max_per_intent, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock,
            low_stock_at, on_sale_from, on_sale_until, on_shortage, waitlist_limit, backorder_limit,
            available_from)
    where sku.sku = s.sku
    returning 1
)
select require_rows(c.rows, $1, 'sku') from (select count(*) as rows from changed) as c where c.rows <> $1
