-- The SKUs of a partition, with what the checkpoint counts of each.
-- $1 the partition
select s.sku, s.stocked, s.available, s.held, s.sold, s.version, s.hold_seconds, s.max_per_intent, s.waitlisted,
    s.backordered, s.last_place, s.counts_buyers, s.max_hold_seconds, s.max_per_buyer, s.safety_stock, s.low_stock_at,
    s.on_sale_from, s.on_sale_until, s.on_shortage::text, s.waitlist_limit, s.backorder_limit, s.available_from,
    coalesce(c.pruned_sold, 0), coalesce(c.last_place, 0)
from sku s left join checkpoint_sku c on c.sku = s.sku where s.partition = $1
