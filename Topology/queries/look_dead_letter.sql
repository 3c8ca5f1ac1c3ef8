-- $1 id
select id, first_seen_at, last_seen_at, seen, partition, reason, detail, type, token, sku, exchange, routing_key,
    properties::text, headers::text, body
from dead_letter where id = $1
