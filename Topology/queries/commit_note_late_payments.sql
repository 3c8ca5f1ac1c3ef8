-- Events of the batch that tell of payments that came too late; each intent must still be there.
-- $1 how many, $2 partition, then one array a column
with noted as (
    insert into late_payment (seq, partition, token)
    select l.seq, $2, l.token from unnest($3::bigint[], $4::text[]) as l (seq, token)
    join intent i on i.token = l.token for share of i
    returning 1
)
select require_rows(c.rows, $1, 'intent') from (select count(*) as rows from noted) as c where c.rows <> $1
