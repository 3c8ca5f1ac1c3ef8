-- $1 ids, $2 whether a decision of the intent was asked for, $3 who, $4 why
with discarded as (
    update dead_letter d set state = 'discarded' from unnest($1::bigint[], $2::boolean[]) as a (id, decides)
    where d.id = a.id and d.state = 'open' returning d.id, a.decides
)
insert into dead_letter_history (letter, decides, action, who, why)
select d.id, d.decides, 'discarded', $3, $4 from discarded d returning letter
