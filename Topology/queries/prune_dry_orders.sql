-- Orders that a prune would forget, by their state, with how many lines.
-- $1 partitions, $2 up to which event each would be pruned, $3 sales confirmed before this moment, or null
with ends as materialized (select * from unnest($1::smallint[], $2::bigint[]) as e (partition, seq))
select o.status::text, count(*), coalesce(sum((
    select count(*) from intent i where i.token > o.token || '/' and i.token < o.token || '0')), 0)::bigint
from orders o join ends e on e.partition = o.partition and e.seq >= o.last_seq
where o.awaited = 0 and o.due_at is null and (
        o.status in ('cancelled', 'expired', 'rejected') or o.status = 'confirmed' and o.changed_at < $3)
    and not exists (
        select from order_part p join ends f on f.partition = p.partition
        where p.order_token = o.token and (p.guard_at is not null or p.last_seq > f.seq))
group by o.status
