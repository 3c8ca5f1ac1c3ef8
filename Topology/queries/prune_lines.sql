-- Who stood in line at the checkpoint, in order.
-- $1 SKUs
select sku, status::text, place from checkpoint_intent
where sku = any ($1) and status in ('waitlisted', 'backordered') order by sku, status, place
