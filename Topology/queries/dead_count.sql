-- $1 to $11 the filter
select count(*), coalesce(max(d.id), 0) from dead_letters($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) d
