-- $1 token, $2 SKU, $3 quantity, $4 buyer, $5 status
insert into lab_order (token, sku, quantity, buyer, status) values ($1, $2, $3, $4, $5)
on conflict (token) do nothing returning status
