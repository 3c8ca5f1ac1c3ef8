-- Intents decided for the first time, in order of their token.
-- $1 partition, then one array a column
insert into intent (decided_at, hold_until, quantity, status, reason, partition, token, sku, buyer)
select i.decided_at, i.hold_until, i.quantity, i.status::intent_status, i.reason::rejection_reason, $1,
    i.token, i.sku, i.buyer
from unnest($2::timestamptz[], $3::timestamptz[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[]) as i (decided_at, hold_until, quantity, status, reason, token, sku, buyer)
