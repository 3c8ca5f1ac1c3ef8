-- The messages of the log behind the cursor.
-- $1 partition, $2 after this seq, $3 at most
select e.seq, e.at, e.type::text, e.sku, e.token, e.reply_to, e.correlation_id, e.body, e.traceparent, a.partitions
from event_address a join event e on e.partition = a.partition and e.seq = a.seq
where a.partition = $1 and a.seq > $2 order by a.partition, a.seq limit $3
