-- Only a letter that is open and still reads as the editor saw it.
-- $1 id, $2 type before, $3 body before, $4 type, $5 body, $6 token, $7 sku, $8 who, $9 why
with edited as (
    update dead_letter d set type = $4, body = $5, token = $6, sku = $7
    where d.id = $1 and d.state = 'open' and d.body = $3 and d.type is not distinct from $2 returning d.id
)
insert into dead_letter_history (letter, action, who, why, type_before, body_before)
select e.id, 'edited', $8, $9, $2, $3 from edited e returning letter
