-- The totals of SKUs that count their buyers from this batch on, made of the rows as the batch leaves them and of the
-- sales that a prune has forgotten. Happens once in the life of a SKU, so that it may read the whole table.
-- $1 SKUs
insert into buyer_total (units, sku, buyer)
select sum(c.units), c.sku, c.buyer from (
    select quantity - returned as units, sku, buyer from intent
    where sku = any ($1) and status in ('reserved', 'confirmed', 'waitlisted', 'backordered')
    union all
    select units, sku, buyer from pruned_buyer where sku = any ($1)
) c
group by c.sku, c.buyer
