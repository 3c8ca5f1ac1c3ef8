-- How the checkpoint shows the intents of a partition that it kept.
-- $1 the partition
select token, sku, quantity, buyer, status::text, reason::text, hold_until, decided_at, place, granted_at,
    available_from, returned, on_shortage::text, replaces
from checkpoint_intent where partition = $1
