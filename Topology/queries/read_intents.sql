-- $1 tokens
select token, sku, quantity, buyer, status::text, reason::text, hold_until, decided_at
from intent where token = any ($1)
