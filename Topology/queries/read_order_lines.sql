-- The lines that orders have in a partition: '0' is the character behind '/'.
-- $1 partition, $2 tokens of orders
select i.token, i.sku, i.quantity, i.buyer, i.status::text, i.reason::text, i.hold_until, i.decided_at, i.place,
    i.granted_at, i.available_from, i.returned, i.on_shortage::text, i.replaces
from unnest($2::text[]) as o (token)
join intent i on i.token > o.token || '/' and i.token < o.token || '0' and i.partition = $1
