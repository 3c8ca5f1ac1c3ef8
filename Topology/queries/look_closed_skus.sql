-- One page of the table, of which come the SKUs that a newcomer may get nothing of, and the last one in any case, where
-- the next page begins. Whether he gets nothing is for the core to say.
-- $1 after this SKU, $2 so many SKUs are looked through
with page as (select * from sku where sku > $1 order by sku limit $2)
select sku, stocked, available, held, sold, version, hold_seconds, max_per_intent, waitlisted, backordered,
    last_place, counts_buyers, max_hold_seconds, max_per_buyer, safety_stock, low_stock_at, on_sale_from,
    on_sale_until, on_shortage::text, waitlist_limit, backorder_limit, available_from
from page
where (available <= safety_stock or waitlisted > 0 or backordered > 0)
    and (on_shortage = 'reject' or waitlist_limit <= waitlisted) or sku = (select max(sku) from page)
order by sku
