-- Moves a partition's checkpoint and lets the events before it go, each exactly once: published all of them, and
-- forwarded those that are messages.
-- $1 partition, $2 seq before, $3 seq after, $4 horizon
with moved as (
    insert into checkpoint as c (seq, horizon, partition) values ($3, $4, $1)
    on conflict (partition) do update set seq = excluded.seq, horizon = greatest(c.horizon, excluded.horizon)
    where c.seq = $2
    returning 1
), gone as (
    delete from event e using partition p
    where e.partition = $1 and e.seq > $2 and e.seq <= $3 and p.partition = $1 and p.published >= $3
        and not exists (
            select from event_address a where a.partition = $1 and a.seq > p.forwarded and a.seq <= $3)
    returning 1
), addresses as (
    delete from event_address a where a.partition = $1 and a.seq > $2 and a.seq <= $3
)
select require_rows((select count(*) from moved), 1, 'checkpoint'),
    require_rows((select count(*) from gone), ($3 - $2)::integer, 'event')
