-- Takes units only if there are enough.
-- $1 SKU, $2 quantity
update lab_stock set available = available - $2 where sku = $1 and available >= $2 returning 1
