-- Every SKU with the sums of its intents.
select s.sku, s.stocked, s.available, s.held, s.sold, s.version, s.hold_seconds, s.max_per_intent, s.partition,
    coalesce(i.reserved, 0)::bigint, coalesce(i.confirmed, 0)::bigint
from sku s left join (
    select sku, sum(quantity) filter (where status = 'reserved') as reserved,
        sum(quantity) filter (where status = 'confirmed') as confirmed
    from intent group by sku
) i on i.sku = s.sku
order by s.sku
