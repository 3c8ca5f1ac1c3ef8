-- $1 partitions, $2 the moment of each
select count(*) from command c join unnest($1::smallint[], $2::timestamptz[]) as u (partition, until)
    on c.partition = u.partition and c.decided_at < u.until
