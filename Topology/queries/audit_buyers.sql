-- Of SKUs that count what each buyer has: how many buyers, how many totals are not the sum of the intents and of the
-- sales that were pruned, an example.
with counted as (
    select i.sku, i.buyer, sum(i.units) as units
    from (
        select sku, buyer, quantity - returned as units from intent
        where status in ('reserved', 'confirmed', 'waitlisted', 'backordered')
        union all
        select sku, buyer, units from pruned_buyer
    ) i join sku s on s.sku = i.sku and s.counts_buyers
    group by i.sku, i.buyer
), compared as (
    select coalesce(c.sku, t.sku) as sku, coalesce(c.buyer, t.buyer) as buyer, coalesce(c.units, 0) as counted,
        coalesce(t.units, 0) as noted
    from counted c full join buyer_total t on t.sku = c.sku and t.buyer = c.buyer
)
select count(*), count(*) filter (where counted <> noted),
    min(format('%s: %s has %s units, its row says %s', sku, buyer, counted, noted)) filter (where counted <> noted)
from compared
