-- Parts of orders as they are now; only this partition writes them.
-- $1 partition, then one array a column
insert into order_part (version, guard_at, asked, coordinator, partition, order_token)
select p.version, p.guard_at, p.asked, p.coordinator, $1, p.order_token
from unnest($2::bigint[], $3::timestamptz[], $4::integer[], $5::integer[], $6::text[])
    as p (version, guard_at, asked, coordinator, order_token)
on conflict on constraint order_part_pkey
do update set version = excluded.version, guard_at = excluded.guard_at, asked = excluded.asked
