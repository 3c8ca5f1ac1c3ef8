-- $1 partition
select clock_timestamp(), head, published from partition where partition = $1
