-- Every partition's checkpoint, and before which moment tokens may have been forgotten of which the log still tells
-- that somebody paid too late.
select c.partition, c.seq, (select m.applied_at from migration m where m.name = 'm0009_prune_orders')
from checkpoint c order by c.partition
