-- Every partition's checkpoint, 0 where there is none; and since when it is known of which late payments the log tells.
select p.partition, coalesce(c.seq, 0), (select m.applied_at from migration m where m.name = 'm0009_prune_orders')
from partition p left join checkpoint c on c.partition = p.partition order by p.partition
