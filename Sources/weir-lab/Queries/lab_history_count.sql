select sum(head)::bigint from partition
