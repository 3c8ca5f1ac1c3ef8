-- For each SKU its events in order, then its row with the sums of its intents: one walk in bounded memory.
select w.sku, w.is_row, w.partition, w.seq, w.type, w.body, w.stocked, w.available, w.held, w.sold, w.version,
    w.hold_seconds, w.max_per_intent, w.reserved, w.confirmed
from (
    select e.sku, false as is_row, e.partition, e.seq, e.type::text as type, e.body, null::bigint as stocked,
        null::bigint as available, null::bigint as held, null::bigint as sold, null::bigint as version,
        null::integer as hold_seconds, null::integer as max_per_intent, null::bigint as reserved,
        null::bigint as confirmed
    from event e
    union all
    select s.sku, true, s.partition, 0, null, null, s.stocked, s.available, s.held, s.sold, s.version,
        s.hold_seconds, s.max_per_intent, coalesce(i.reserved, 0)::bigint, coalesce(i.confirmed, 0)::bigint
    from sku s left join (
        select sku, sum(quantity) filter (where status = 'reserved') as reserved,
            sum(quantity) filter (where status = 'confirmed') as confirmed
        from intent group by sku
    ) i on i.sku = s.sku
) w
order by w.sku, w.is_row, w.partition, w.seq
