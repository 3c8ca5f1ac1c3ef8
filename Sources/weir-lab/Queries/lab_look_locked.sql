-- Locks the row until the transaction ends.
-- $1 SKU
select available from lab_stock where sku = $1 for update
