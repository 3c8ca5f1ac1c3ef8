-- Every intent as it stands.
select token, sku, quantity, buyer, status::text, reason::text, hold_until, decided_at, place, granted_at,
    available_from, returned, on_shortage::text, replaces
from intent
