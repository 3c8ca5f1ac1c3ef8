-- Writes what was computed elsewhere, whatever stands there now.
-- $1 SKU, $2 units
update lab_stock set available = $2 where sku = $1
