-- The end of the hold that comes due next; a line of an order has none.
-- $1 partition
select hold_until from intent where partition = $1 and status = 'reserved' and hold_until is not null
order by partition, hold_until, token limit 1
