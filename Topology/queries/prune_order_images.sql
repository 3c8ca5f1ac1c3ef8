-- $1 tokens of orders
select token, buyer, partition, lines, status::text, reason::text, version, hold_until, decided_at
from checkpoint_order where token = any ($1)
