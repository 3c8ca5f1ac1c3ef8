-- The totals of SKUs that count their buyers from this batch on, made of the rows as the batch leaves them. Happens
-- once in the life of a SKU, so that it may read the whole table.
-- $1 SKUs
insert into buyer_total (units, sku, buyer)
select sum(quantity - returned), sku, buyer from intent
where sku = any ($1) and status in ('reserved', 'confirmed', 'waitlisted', 'backordered')
group by sku, buyer
