-- Counts a delivery that may kill its worker, before it is decided; returns how often it was noted.
-- $1 partition, $2 body
insert into suspect (partition, times, digest) values ($1, 1, sha256($2))
on conflict on constraint suspect_pkey
do update set times = suspect.times + 1, seen_at = clock_timestamp()
returning times
