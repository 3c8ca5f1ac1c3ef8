-- The parts of orders, the own one and those of other partitions.
-- $1 tokens of orders
select order_token, coordinator, version, guard_at, asked, last_seq, partition
from order_part where order_token = any ($1)
