-- The same of Weir's own tables.
select sku, stocked, available, coalesce(orders.sold, 0)::bigint
from sku left join (
    select sku, sum(quantity) as sold from intent where status = 'confirmed' group by sku
) orders using (sku)
