-- Known orders that changed; each must still have the version that was read, and this partition as its coordinator: a
-- second life of its token may have another one.
-- $1 how many, then one array a column, of which $2 is the version before; $19 partition
with changed as (
    update orders set version = o.version, awaited = o.awaited, changed_at = o.changed_at, due_at = o.due_at,
        hold_until = o.hold_until, decided_at = o.decided_at, hold_seconds = o.hold_seconds,
        max_hold_seconds = o.max_hold_seconds, status = o.status::order_status,
        reason = o.reason::rejection_reason, lines = o.lines, reply_to = o.reply_to,
        correlation_id = o.correlation_id, confirm_id = o.confirm_id, last_seq = o.last_seq
    from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[], $9::integer[], $10::integer[], $11::text[], $12::text[], $13::text[], $14::text[],
        $15::text[], $16::text[], $17::text[], $18::bigint[])
        as o (before, version, awaited, changed_at, due_at, hold_until, decided_at, hold_seconds, max_hold_seconds,
            status, reason, token, lines, reply_to, correlation_id, confirm_id, last_seq)
    where orders.token = o.token and orders.version = o.before and orders.partition = $19
    returning 1
)
select require_rows(c.rows, $1, 'orders') from (select count(*) as rows from changed) as c where c.rows <> $1
