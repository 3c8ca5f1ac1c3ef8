-- The first statement of every batch's transaction.
-- $1 partition, $2 head before, $3 head after, $4 published
select move_head($1, $2, $3, $4)
