-- $1 class of the lock, $2 ids
select pg_advisory_unlock($1, (a.id % 2147483647)::integer) from unnest($2::bigint[]) as a (id)
