-- Known intents that changed; each must still be in the state that was read.
-- $1 how many, then one array a column: token, status before, status after, end of the hold, units given back,
-- when its turn came
with changed as (
    update intent set status = c.after::intent_status, hold_until = c.hold_until, returned = c.returned,
        granted_at = c.granted_at
    from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::integer[], $7::timestamptz[])
        as c (token, before, after, hold_until, returned, granted_at)
    where intent.token = c.token and intent.status = c.before::intent_status
    returning 1
)
select require_rows(c.rows, $1, 'intent') from (select count(*) as rows from changed) as c where c.rows <> $1
