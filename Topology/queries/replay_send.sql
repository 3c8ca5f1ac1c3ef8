-- Before anything is published: who sends which letter under which key.
-- $1 ids, $2 keys, $3 run, $4 who, $5 why
insert into dead_letter_history (letter, key, replay, action, who, why)
select a.id, a.key, $3, 'replayed', $4, $5 from unnest($1::bigint[], $2::text[]) as a (id, key)
