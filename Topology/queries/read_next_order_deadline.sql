-- When an order, or a part of one, comes due next.
-- $1 partition
select least(
    (
        select due_at from orders where partition = $1 and due_at is not null
        order by partition, due_at, token limit 1
    ), (
        select guard_at from order_part where partition = $1 and guard_at is not null
        order by partition, guard_at, order_token limit 1
    )
)
