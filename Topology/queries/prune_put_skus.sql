-- SKUs as they stand at the new checkpoint.
-- $1 partition, then one array a column
insert into checkpoint_sku (stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted,
    backordered, last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at,
    on_sale_from, on_sale_until, on_shortage, waitlist_limit, backorder_limit, available_from, partition, sku)
select s.stocked, s.available, s.held, s.sold, s.version, s.hold_seconds, s.max_per_intent, s.waitlisted,
    s.backordered, s.last_place, s.counts_buyers, s.max_hold_seconds, s.max_per_buyer, s.safety_stock,
    s.low_stock_at, s.on_sale_from, s.on_sale_until, s.on_shortage::shortage_rule, s.waitlist_limit,
    s.backorder_limit, s.available_from, $1, s.sku
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::integer[],
    $9::integer[], $10::bigint[], $11::bigint[], $12::bigint[], $13::boolean[], $14::integer[], $15::bigint[],
    $16::bigint[], $17::bigint[], $18::timestamptz[], $19::timestamptz[], $20::text[], $21::bigint[],
    $22::bigint[], $23::timestamptz[])
    as s (sku, stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted, backordered,
        last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at, on_sale_from,
        on_sale_until, on_shortage, waitlist_limit, backorder_limit, available_from)
on conflict on constraint checkpoint_sku_pkey do update set stocked = excluded.stocked,
    available = excluded.available, held = excluded.held, sold = excluded.sold, version = excluded.version,
    hold_seconds = excluded.hold_seconds, max_per_intent = excluded.max_per_intent,
    waitlisted = excluded.waitlisted, backordered = excluded.backordered, last_place = excluded.last_place,
    counts_buyers = excluded.counts_buyers, max_hold_seconds = excluded.max_hold_seconds,
    max_per_buyer = excluded.max_per_buyer, safety_stock = excluded.safety_stock,
    low_stock_at = excluded.low_stock_at, on_sale_from = excluded.on_sale_from,
    on_sale_until = excluded.on_sale_until, on_shortage = excluded.on_shortage,
    waitlist_limit = excluded.waitlist_limit, backorder_limit = excluded.backorder_limit,
    available_from = excluded.available_from
