-- $1 SKU
select available, version from lab_stock where sku = $1
