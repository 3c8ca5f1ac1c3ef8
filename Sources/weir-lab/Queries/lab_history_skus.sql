-- $1 partitions, $2 SKUs, $3 intents of each
insert into lab_history select *, row_number() over (), $3 from unnest($1::smallint[], $2::text[])
