-- How many units were ever sold.
select coalesce(sum(sold), 0)::bigint from sku
