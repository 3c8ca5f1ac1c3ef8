-- The orders of which something here has come due, the oldest first.
-- $1 partition, $2 until, $3 at most
(
    select token, due_at from orders where partition = $1 and due_at <= $2
    order by partition, due_at, token limit $3
)
union all
(
    select order_token, guard_at from order_part where partition = $1 and guard_at <= $2
    order by partition, guard_at, order_token limit $3
)
order by 2, 1 limit $3
