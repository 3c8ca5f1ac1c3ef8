-- How far each partition can be pruned: up to the end of the last batch before a moment (which all events of a batch
-- share) of which every event is published, and forwarded if it is a message to another partition.
-- $1 the moment
select p.partition, c.seq, greatest(c.seq, whole.seq), first_left.at
from partition p
cross join lateral (
    select coalesce(max(k.seq), 0) as seq from checkpoint k where k.partition = p.partition
) c
left join lateral (
    select a.seq from event_address a where a.partition = p.partition and a.seq > p.forwarded
    order by a.partition, a.seq limit 1
) message on true
left join lateral (
    select e.seq, e.at from event e
    where e.partition = p.partition and e.seq > c.seq and (
        e.at >= $1 or e.seq > p.published or e.seq >= message.seq)
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
