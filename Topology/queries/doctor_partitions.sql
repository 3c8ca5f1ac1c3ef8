-- How far each partition is, and since when its first event waits that the cursor has not passed.
select p.partition, p.head, p.published,
    greatest(0, extract(epoch from clock_timestamp() - e.at))::bigint
from partition p left join event e on e.partition = p.partition and e.seq = p.published + 1 order by p.partition
