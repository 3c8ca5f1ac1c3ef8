-- Letters of a run that the broker confirmed, that have not come back, and whose intent nobody has decided.
-- $1 run
select count(*) from dead_letter_history h join dead_letter d on d.id = h.letter
where h.replay = $1 and h.confirmed_at is not null and h.returned_at is null and d.token is not null
    and not exists (select from intent i where i.token = d.token)
