-- Every partition's head and cursor beside what its log holds, and its checkpoint.
select p.partition, p.head, p.published, count(e.seq), coalesce(min(e.seq), 0), coalesce(max(e.seq), 0),
    coalesce((select c.seq from checkpoint c where c.partition = p.partition), 0)
from partition p left join event e on e.partition = p.partition
group by p.partition, p.head, p.published order by p.partition
