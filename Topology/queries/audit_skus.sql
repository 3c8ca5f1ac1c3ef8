-- For each SKU whether the checkpoint knows it (0), then its events in order (1), then its row with the sums of its
-- intents and of what was pruned (2): one walk in bounded memory.
select w.sku, w.kind, w.partition, w.seq, w.type, w.body, s.stocked, s.available, s.held, s.sold, s.version,
    s.hold_seconds, s.max_per_intent, s.waitlisted, s.backordered, s.last_place, s.counts_buyers,
    s.max_hold_seconds, s.max_per_buyer, s.safety_stock, s.low_stock_at, s.on_sale_from, s.on_sale_until,
    s.on_shortage::text, s.waitlist_limit, s.backorder_limit, s.available_from,
    coalesce(i.reserved, 0)::bigint, (coalesce(i.confirmed, 0) + coalesce(c.pruned_sold, 0))::bigint,
    coalesce(i.waitlisted, 0)::bigint, coalesce(i.backordered, 0)::bigint, greatest(i.last_place, c.last_place, 0)::bigint
from (
    select e.sku, 1 as kind, e.partition, e.seq, e.type::text as type, e.body from event e
    where e.sku <> ''
    union all
    select r.sku, 2, r.partition, 0, null, null from sku r
    union all
    select k.sku, 0, k.partition, 0, null, null from checkpoint_sku k
) w
left join sku s on w.kind = 2 and s.sku = w.sku
left join checkpoint_sku c on w.kind = 2 and c.sku = w.sku
left join (
    select sku, sum(quantity) filter (where status = 'reserved') as reserved,
        sum(quantity - returned) filter (where status = 'confirmed') as confirmed,
        sum(quantity) filter (where status = 'waitlisted') as waitlisted,
        sum(quantity) filter (where status = 'backordered') as backordered, max(place) as last_place
    from intent group by sku
) i on w.kind = 2 and i.sku = w.sku
order by w.sku, w.kind, w.partition, w.seq
