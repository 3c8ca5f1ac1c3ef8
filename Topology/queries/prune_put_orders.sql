-- Orders as they stand at the new checkpoint.
-- $1 partition, then one array a column
insert into checkpoint_order (version, hold_until, decided_at, status, reason, partition, token, buyer, lines)
select o.version, o.hold_until, o.decided_at, o.status::order_status, o.reason::rejection_reason, $1, o.token, o.buyer,
    o.lines
from unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[])
    as o (version, hold_until, decided_at, status, reason, token, buyer, lines)
on conflict on constraint checkpoint_order_pkey do update set version = excluded.version,
    hold_until = excluded.hold_until, decided_at = excluded.decided_at, status = excluded.status,
    reason = excluded.reason, lines = excluded.lines
