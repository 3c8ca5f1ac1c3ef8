-- Intents whose last event lies in what goes, and that nothing can change any more.
-- One array a column: $1 token, $2 status, $3 units given back, $4 when it was decided
select status, intents from forget_intents($1, $2, $3, $4)
