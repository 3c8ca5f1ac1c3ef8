-- $1 letter
select h.at, h.action, h.who, h.why, h.replay, h.confirmed_at, h.returned_at, h.decides, h.type_before, h.body_before
from dead_letter_history h where h.letter = $1 order by h.id
