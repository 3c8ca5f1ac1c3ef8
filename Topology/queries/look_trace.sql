-- Events of one token in one partition's log. No index knows tokens; so it is read from the moment on at which the token
-- was decided, which is found by halving, because `at` grows with `seq`.
-- One token may name an intent and an order; an order's events have no SKU.
-- $1 partition, $2 the moment, $3 token, $4 whether of the order
with recursive search (low, high) as (
    select 0::bigint, head + 1 from partition where partition = $1
    union all
    select case when m.is_before then m.middle else s.low end, case when m.is_before then s.high else m.middle end
    from search s cross join lateral (
        select (s.low + s.high) / 2 as middle, coalesce((
            select e.at < $2 from event e where e.partition = $1 and e.seq <= (s.low + s.high) / 2
            order by e.partition desc, e.seq desc limit 1), true) as is_before
    ) m
    where s.high - s.low > 1
)
select e.seq, e.at, e.type::text, e.reply_to, e.correlation_id, e.traceparent, e.body, e.seq <= p.published
from event e join partition p on p.partition = e.partition
where e.partition = $1 and e.token = $3 and (e.sku = '') = $4 and e.seq > (select max(low) from search) order by e.seq
