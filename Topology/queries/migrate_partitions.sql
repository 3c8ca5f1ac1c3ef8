-- A row for every partition.
insert into partition (partition) select generate_series(0, i.partitions - 1) from installation i
on conflict (partition) do nothing
