-- A new run over the letters that a filter names now.
-- $1 to $11 the filter, $12 at most, $13 rate, $14 as new, $15 dry run, $16 who, $17 why, $18 the filter as JSON
insert into replay (last_id, total, rate, as_new, dry_run, who, why, filter)
select coalesce(max(d.id), 0), least(count(*), $12), $13::text::double precision, $14, $15, $16, $17, $18
from dead_letters($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) d
returning id
