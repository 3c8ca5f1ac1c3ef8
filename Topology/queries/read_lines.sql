-- The beginning of lines: whom units are promised, then who waits, each in order of the place.
-- $1 SKUs, $2 how many of each
select w.token, w.sku, w.quantity, w.buyer, w.status::text, w.reason::text, w.hold_until, w.decided_at, w.place,
    w.granted_at, w.available_from, w.returned, w.on_shortage::text, w.replaces
from unnest($1::text[], $2::integer[]) as k (sku, most)
cross join lateral (
    select * from (
        (select * from intent i where i.sku = k.sku and i.status = 'backordered' order by i.place limit k.most)
        union all
        (select * from intent i where i.sku = k.sku and i.status = 'waitlisted' order by i.place limit k.most)
    ) both_lists
    order by both_lists.status desc, both_lists.place limit k.most
) w
