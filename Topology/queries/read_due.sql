-- Holds that have come due, the oldest first.
-- $1 partition, $2 until, $3 at most
select token, sku, quantity, buyer, status::text, reason::text, hold_until, decided_at, place, granted_at,
    available_from, returned, on_shortage::text, replaces
from intent where partition = $1 and status = 'reserved' and hold_until <= $2
order by partition, hold_until, token limit $3
