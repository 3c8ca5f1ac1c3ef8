-- Shows that a worker process is there: as long as its session, and no longer.
-- $1 class, $2 the worker's number
select pg_advisory_lock_shared($1, $2)
