-- How far each partition can be pruned: up to the end of the last batch before a moment (which all events of a batch
-- share) of which every event is published. An event of an order is not passed, and so no message to another partition:
-- the checkpoint does not keep orders, and their lines go with them only.
-- $1 the moment
select p.partition, c.seq, greatest(c.seq, whole.seq), c.horizon, first_left.at
from partition p
cross join lateral (
    select coalesce(max(k.seq), 0) as seq, max(k.horizon) as horizon from checkpoint k where k.partition = p.partition
) c
left join lateral (
    select e.seq, e.at from event e
    where e.partition = p.partition and e.seq > c.seq and (
        e.at >= $1 or e.seq > p.published or e.type::text like 'weir.order.%')
    order by e.partition, e.seq limit 1
) stop on true
cross join lateral (
    select case when stop.seq is null then p.head else coalesce((
        select e.seq from event e
        where e.partition = p.partition and e.seq > c.seq and e.seq < stop.seq and e.at <> stop.at
        order by e.partition desc, e.seq desc limit 1), c.seq) end as seq
) whole
left join lateral (
    select e.at from event e where e.partition = p.partition and e.seq = greatest(c.seq, whole.seq) + 1
) first_left on true
order by p.partition
