-- The lock is for liveness; the proof of ownership is the head.
-- $1 class, $2 partition or worker
select pg_try_advisory_lock($1, $2)
