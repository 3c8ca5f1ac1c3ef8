-- Puts SKUs on sale.
-- $1 SKUs, $2 units of each
insert into lab_stock (sku, stocked, available) select sku, units, units from unnest($1, $2) as new (sku, units)
