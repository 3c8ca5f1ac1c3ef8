-- Two migrations at once take turns.
-- $1 class
select pg_advisory_lock($1, 0)
