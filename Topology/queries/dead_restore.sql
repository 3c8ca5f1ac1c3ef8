-- Discarded letters whose intent or order nobody has decided, and no discard has asked anybody to decide.
-- $1 ids, $2 who, $3 why
with restored as (
    update dead_letter d set state = 'open'
    where d.id = any ($1) and d.state = 'discarded'
        and not exists (select from dead_letter_history h where h.letter = d.id and h.decides)
        and case when d.type like 'weir.order.%' then not exists (select from orders o where o.token = d.token)
            else not exists (select from intent i where i.token = d.token) end
    returning d.id
)
insert into dead_letter_history (letter, action, who, why)
select r.id, 'restored', $2, $3 from restored r returning letter
