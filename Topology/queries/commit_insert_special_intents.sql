-- Intents decided for the first time of which at least one stands in line or asked for something special, in
-- order of their token.
-- $1 partition, then one array a column
insert into intent (decided_at, hold_until, quantity, status, reason, partition, token, sku, buyer, place,
    available_from, on_shortage, replaces)
select i.decided_at, i.hold_until, i.quantity, i.status::intent_status, i.reason::rejection_reason, $1,
    i.token, i.sku, i.buyer, i.place, i.available_from, i.on_shortage::shortage_rule, i.replaces
from unnest($2::timestamptz[], $3::timestamptz[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::bigint[], $11::timestamptz[], $12::text[], $13::text[])
    as i (decided_at, hold_until, quantity, status, reason, token, sku, buyer, place, available_from,
        on_shortage, replaces)
