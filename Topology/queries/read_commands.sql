-- $1 command ids
select id, payload, result from command where id = any ($1)
