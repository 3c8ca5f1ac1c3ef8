-- How many events are not published yet.
select coalesce(sum(head - published), 0)::bigint from partition
