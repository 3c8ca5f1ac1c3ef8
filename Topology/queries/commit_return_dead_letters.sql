-- Replayed letters that came back, found by the key that travelled with them; each key counts once.
-- One array a column: $1 key, $2 reason, $3 fault, $4 detail
with arrived as (
    select distinct on (a.key) a.* from unnest($1::text[], $2::text[], $3::text[], $4::text[])
        as a (key, reason, fault, detail)
    where a.key is not null
), noted as (
    update dead_letter_history h set returned_at = clock_timestamp()
    from arrived a where h.key = a.key and h.returned_at is null
    returning h.letter, a.reason, a.fault, a.detail
), back as (
    select distinct on (n.letter) n.*, count(*) over (partition by n.letter) as times from noted n
)
update dead_letter d set state = 'open', returned = d.returned + b.times, seen = d.seen + b.times,
    last_seen_at = clock_timestamp(), reason = b.reason, fault = b.fault, detail = b.detail
from back b where d.id = b.letter
