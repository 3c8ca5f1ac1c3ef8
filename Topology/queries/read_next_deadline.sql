-- The end of the hold that comes due next.
-- $1 partition
select hold_until from intent where partition = $1 and status = 'reserved'
order by partition, hold_until, token limit 1
