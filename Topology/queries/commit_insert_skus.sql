-- SKUs defined for the first time.
-- $1 partition, then one array a column
insert into sku (stocked, available, held, sold, version, hold_seconds, max_per_intent, partition, sku)
select s.stocked, s.available, s.held, s.sold, s.version, s.hold_seconds, s.max_per_intent, $1, s.sku
from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[], $8::integer[],
    $9::text[]) as s (stocked, available, held, sold, version, hold_seconds, max_per_intent, sku)
