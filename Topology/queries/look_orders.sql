-- What the API shows of orders, or that one became a dead letter.
-- $1 tokens of orders
select t.token, o.buyer, o.partition, o.lines, o.status::text, o.reason::text, o.version, o.hold_until, o.decided_at,
    (
        select min(d.id) from dead_letter d
        where d.token = t.token and d.type = 'weir.order.submit.v1' and d.state = 'open'
    )
from unnest($1::text[]) as t (token) left join orders o on o.token = t.token
