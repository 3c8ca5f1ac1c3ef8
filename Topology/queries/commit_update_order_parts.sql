-- Known parts as they are now; only this partition writes them, and a prune that forgets their order.
-- $1 how many, $2 partition, then one array a column
with changed as (
    update order_part set version = p.version, guard_at = p.guard_at, asked = p.asked, last_seq = p.last_seq
    from unnest($3::bigint[], $4::timestamptz[], $5::integer[], $6::bigint[], $7::text[])
        as p (version, guard_at, asked, last_seq, order_token)
    where order_part.order_token = p.order_token and order_part.partition = $2
    returning 1
)
select require_rows(c.rows, $1, 'order_part') from (select count(*) as rows from changed) as c where c.rows <> $1
