-- What buyers' claims changed by, in order of SKU and buyer.
-- $1 SKUs, $2 buyers, $3 units more or less
with change as (
    select * from unnest($1::text[], $2::text[], $3::bigint[]) as c (sku, buyer, units)
), known as (
    update buyer_total set units = buyer_total.units + c.units from change c
    where buyer_total.sku = c.sku and buyer_total.buyer = c.buyer
    returning buyer_total.sku, buyer_total.buyer
)
insert into buyer_total (units, sku, buyer)
select c.units, c.sku, c.buyer from change c
where not exists (select from known k where k.sku = c.sku and k.buyer = c.buyer)
