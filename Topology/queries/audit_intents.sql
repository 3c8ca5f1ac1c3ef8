-- Every intent, in the order in which its events are read.
select token, sku, quantity, buyer, status::text, reason::text, hold_until, decided_at, partition
from intent order by token
