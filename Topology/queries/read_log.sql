-- The log behind the publisher's cursor.
-- $1 partition, $2 after this seq, $3 at most
select seq, at, type::text, sku, token, reply_to, correlation_id, body, traceparent
from event where partition = $1 and seq > $2 order by partition, seq limit $3
