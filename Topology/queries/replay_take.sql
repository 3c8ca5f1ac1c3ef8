-- The next letters of a run, and whether this session has got each for itself: another run may be sending it. What
-- is got must be read again in a later statement, since this one may see it as it was before the other was done.
-- $1 to $11 the filter, $12 after this id, $13 up to this id, $14 at most, $15 class of the lock
with next as materialized (
    select d.id from dead_letters($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) d
    where d.id > $12 and d.id <= $13 order by d.id limit $14
)
select n.id, pg_try_advisory_lock($15, (n.id % 2147483647)::integer) from next n order by n.id
