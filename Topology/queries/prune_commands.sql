-- Results of commands from before what is left of their partition's log. No index knows their time: the table is
-- walked through page by page, which costs its reading once and nothing at any commit.
-- $1 from this page, $2 up to before this one, $3 partitions, $4 the moment of each
with gone as (
    delete from command c using unnest($3::smallint[], $4::timestamptz[]) as u (partition, until)
    where c.ctid >= ('(' || $1::bigint || ',0)')::tid and c.ctid < ('(' || $2::bigint || ',0)')::tid
        and c.partition = u.partition and c.decided_at < u.until
    returning 1
)
select count(*) from gone
