-- Results of command ids seen for the first time, in order of the id.
-- $1 partition, $2 when, then one array a column
insert into command (decided_at, partition, id, payload, result)
select $2, $1, c.id, c.payload, c.result
from unnest($3::text[], $4::text[], $5::text[]) as c (id, payload, result)
