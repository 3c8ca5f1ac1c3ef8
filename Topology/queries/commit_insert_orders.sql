-- Orders recorded for the first time, in order of their token.
-- $1 partition, then one array a column
insert into orders (version, awaited, changed_at, due_at, hold_until, decided_at, hold_seconds, max_hold_seconds,
    status, reason, partition, token, buyer, lines, reply_to, correlation_id, confirm_id, last_seq)
select o.version, o.awaited, o.changed_at, o.due_at, o.hold_until, o.decided_at, o.hold_seconds, o.max_hold_seconds,
    o.status::order_status, o.reason::rejection_reason, $1, o.token, o.buyer, o.lines, o.reply_to, o.correlation_id,
    o.confirm_id, o.last_seq
from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
    $8::integer[], $9::integer[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
    $16::text[], $17::text[], $18::bigint[])
    as o (version, awaited, changed_at, due_at, hold_until, decided_at, hold_seconds, max_hold_seconds, status, reason,
        token, buyer, lines, reply_to, correlation_id, confirm_id, last_seq)
