-- $1 token, $2 SKU, $3 quantity, $4 buyer, $5 status, $6 bucket or NULL
insert into lab_order (token, sku, quantity, buyer, status, bucket) values ($1, $2, $3, $4, $5, $6)
