-- How far each partition's log has come, and up to where it was pruned.
select p.head, coalesce((select c.seq from checkpoint c where c.partition = p.partition), 0)
from partition p order by p.partition
