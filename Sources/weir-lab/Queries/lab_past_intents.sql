-- The intents of a history, in the order in which they were decided: of ten of a SKU the last one asks for too much.
-- $1 from this intent, $2 to this one, counted from 0
insert into intent (decided_at, quantity, status, reason, partition, token, sku, buyer)
select w.at, case when w.n % 10 = 9 then 3 else 1 end,
    (case when w.n % 10 = 9 then 'rejected' else 'confirmed' end)::intent_status,
    (case when w.n % 10 = 9 then 'quantity_limit' end)::rejection_reason, h.partition,
    md5('past ' || w.g)::uuid::text, h.sku, 'buyer-' || w.g % 5000
from (
    select g, g / p.partitions / p.skus as n, g / p.partitions % p.skus as number, g % p.partitions as home,
        p.since + g / 1000 * interval '20 ms' as at
    from (select * from lab_past limit 1) p cross join generate_series($1::bigint, $2::bigint) as g
    offset 0
) w
cross join lateral (select * from lab_past s where s.number = w.number and s.partition = w.home limit 1) h
