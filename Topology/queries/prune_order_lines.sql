-- The lines of orders, wherever they live. One order after the other, each by a range of the key: of the two ends of a
-- range that another table's column gives, the planner does not know that they belong together.
-- $1 tokens of orders
select i.token, i.sku, i.quantity, i.buyer, i.status::text, i.reason::text, i.hold_until, i.decided_at, i.place,
    i.granted_at, i.available_from, i.returned, i.on_shortage::text, i.replaces
from unnest($1::text[]) as o (token)
cross join lateral (
    select * from intent l where l.token > o.token || '/' and l.token < o.token || '0' order by l.token limit 500
) i
