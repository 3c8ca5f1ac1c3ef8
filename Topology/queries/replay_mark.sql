-- After the broker's confirm. A letter that has come back meanwhile stays open.
-- $1 keys
with confirmed as (
    update dead_letter_history h set confirmed_at = clock_timestamp() where h.key = any ($1)
    returning h.letter, h.returned_at
)
update dead_letter d set replayed = d.replayed + 1,
    state = case when c.returned_at is null and d.state = 'open' then 'replayed' else d.state end
from confirmed c where d.id = c.letter
