-- Intents as they stand at the new checkpoint; those that were forgotten a moment ago have no row.
-- $1 partition, then one array a column
insert into checkpoint_intent (decided_at, hold_until, quantity, status, reason, partition, token, sku, buyer, place,
    granted_at, available_from, returned, on_shortage, replaces, at)
select i.decided_at, i.hold_until, i.quantity, i.status::intent_status, i.reason::rejection_reason, $1,
    i.token, i.sku, i.buyer, i.place, i.granted_at, i.available_from, i.returned, i.on_shortage::shortage_rule,
    i.replaces, i.at
from unnest($2::timestamptz[], $3::timestamptz[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::integer[], $14::text[], $15::text[],
    $16::timestamptz[])
    as i (decided_at, hold_until, quantity, status, reason, token, sku, buyer, place, granted_at, available_from,
        returned, on_shortage, replaces, at)
where exists (select from intent r where r.token = i.token)
on conflict on constraint checkpoint_intent_pkey do update set hold_until = excluded.hold_until,
    status = excluded.status, granted_at = excluded.granted_at, returned = excluded.returned, at = excluded.at
