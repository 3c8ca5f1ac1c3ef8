-- The log in the order of the SKU rows.
select sku, partition, seq, type::text, body from event order by sku, partition, seq
