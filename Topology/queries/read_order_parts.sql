-- $1 partition, $2 tokens of orders
select order_token, coordinator, version, guard_at, asked
from order_part where order_token = any ($2) and partition = $1
