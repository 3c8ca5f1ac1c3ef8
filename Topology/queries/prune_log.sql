-- The log that is to go.
-- $1 partition, $2 after this seq, $3 up to this one, $4 at most
select seq, at, type::text, sku, token, body from event
where partition = $1 and seq > $2 and seq <= $3 order by partition, seq limit $4
