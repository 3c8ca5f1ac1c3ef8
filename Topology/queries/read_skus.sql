-- $1 SKUs
select sku, stocked, available, held, sold, version, hold_seconds, max_per_intent from sku where sku = any ($1)
