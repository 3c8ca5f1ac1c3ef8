-- The messages of the log behind the cursor, each event looked up by itself: a merge would read the log from its
-- beginning.
-- $1 partition, $2 after this seq, $3 at most
select e.seq, e.at, e.type::text, e.sku, e.token, e.reply_to, e.correlation_id, e.body, e.traceparent, a.partitions
from event_address a
cross join lateral (select * from event l where l.partition = a.partition and l.seq = a.seq limit 1) e
where a.partition = $1 and a.seq > $2 order by a.partition, a.seq limit $3
