-- The first statement of every batch's transaction. An UPDATE of no row is no error, and the COMMIT behind it would go
-- through: then the function is called, which finds the same and fails the transaction. (Always to call it costs a
-- tenth of the server's time of a small batch.) The cursor never goes back.
-- $1 partition, $2 head before, $3 head after, $4 published
with moved as (
    update partition set head = $3, published = greatest(published, $4)
    where partition = $1 and head = $2
    returning 1
)
select move_head($1, $2, $3, $4) where not exists (select from moved)
