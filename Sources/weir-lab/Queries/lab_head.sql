-- How far a partition is.
-- $1 partition
select head, published from partition where partition = $1
