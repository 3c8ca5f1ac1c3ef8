-- A partition's log in its own order.
-- $1 the partition
select e.seq, e.type::text, e.sku, e.token, e.body from event e where e.partition = $1 order by e.seq
