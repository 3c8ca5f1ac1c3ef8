-- The batch's entries of the log.
-- $1 partition, $2 when, then one array a column; the last one may be empty, which fills its column with NULL
insert into event (seq, at, type, partition, sku, token, reply_to, correlation_id, body, traceparent)
select e.seq, $2, e.type::event_type, $1, e.sku, e.token, e.reply_to, e.correlation_id, e.body, e.traceparent
from unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
    as e (seq, type, sku, token, reply_to, correlation_id, body, traceparent)
