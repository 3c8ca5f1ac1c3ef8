-- The lines of orders, wherever they live.
-- $1 tokens of orders
select i.token, i.sku, i.quantity, i.buyer, i.status::text, i.reason::text, i.hold_until, i.decided_at, i.place,
    i.granted_at, i.available_from, i.returned, i.on_shortage::text, i.replaces
from unnest($1::text[]) as o (token)
join intent i on i.token > o.token || '/' and i.token < o.token || '0'
