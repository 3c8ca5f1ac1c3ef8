-- $1 tokens of orders
select token, buyer, partition, lines, status::text, reason::text, version, hold_until, decided_at, awaited, due_at,
    changed_at, hold_seconds, max_hold_seconds, reply_to, correlation_id, confirm_id, last_seq
from orders where token = any ($1)
