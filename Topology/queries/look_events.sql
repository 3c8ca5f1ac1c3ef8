-- The log behind a place in each of some partitions. A partition's events become visible in the order of their
-- numbers, because whoever commits moves its head: nothing can appear later before what was read.
-- $1 partitions, $2 after this seq of each, $3 at most of each
select e.partition, e.seq, e.at, e.type::text, e.sku, e.body, e.traceparent, e.token
from unnest($1::smallint[], $2::bigint[]) as p (partition, after)
cross join lateral (
    select l.partition, l.seq, l.at, l.type, l.sku, l.body, l.traceparent, l.token
    from event l where l.partition = p.partition and l.seq > p.after order by l.partition, l.seq limit $3
) e
order by e.partition, e.seq
