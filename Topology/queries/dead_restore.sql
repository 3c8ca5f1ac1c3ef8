-- Discarded letters whose intent nobody has decided, and no discard has asked anybody to decide.
-- $1 ids, $2 who, $3 why
with restored as (
    update dead_letter d set state = 'open'
    where d.id = any ($1) and d.state = 'discarded'
        and not exists (select from dead_letter_history h where h.letter = d.id and h.decides)
        and not exists (select from intent i where i.token = d.token)
    returning d.id
)
insert into dead_letter_history (letter, action, who, why)
select r.id, 'restored', $2, $3 from restored r returning letter
