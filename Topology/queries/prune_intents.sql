-- $1 tokens
select token, sku, quantity, buyer, status::text, reason::text, hold_until, decided_at, place, granted_at,
    available_from, returned, on_shortage::text, replaces
from checkpoint_intent where token = any ($1)
