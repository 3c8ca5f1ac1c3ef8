-- How much there is in all, so that a walk partition by partition overlooks nothing; the first and the last partition
-- that has events; whether there are orders.
select (select count(*) from sku), (select count(*) from checkpoint_sku), (select count(*) from checkpoint_intent),
    (select coalesce(min(partition), 0) from event), (select coalesce(max(partition), 0) from event),
    exists (select from orders) or exists (select from checkpoint_order)
