-- Parts of orders that were not known here.
-- $1 partition, then one array a column
insert into order_part (version, guard_at, asked, last_seq, coordinator, partition, order_token)
select p.version, p.guard_at, p.asked, p.last_seq, p.coordinator, $1, p.order_token
from unnest($2::bigint[], $3::timestamptz[], $4::integer[], $5::bigint[], $6::integer[], $7::text[])
    as p (version, guard_at, asked, last_seq, coordinator, order_token)
