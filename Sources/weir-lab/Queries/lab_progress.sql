-- How far all partitions are together.
select sum(head)::bigint, sum(published)::bigint from partition
