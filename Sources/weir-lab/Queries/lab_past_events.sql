-- The events of the intents of a history, in the order in which they were decided: `n` is the how-manieth of its SKU.
-- $1 from this intent, $2 to this one, counted from 0
insert into event (seq, at, type, partition, sku, token, reply_to, correlation_id, body)
select h.skus + w.g / h.partitions + 1, w.at,
    (case when w.n % 10 = 9 then 'weir.intent.rejected.v1' else 'weir.intent.confirmed.v1' end)::event_type,
    h.partition, h.sku, w.token, 'weir.ingress.1f2e3d4c5b6a', w.g::text,
    format('{"token":"%s","sku":"%s","quantity":%s,"buyer":"buyer-%s","status":%s,"decided_at":"%s","available":%s,'
        '"stock":{"stocked":%s,"held":0,"sold":%s,"version":%s}}', w.token, h.sku,
        case when w.n % 10 = 9 then 3 else 1 end, w.g % 5000,
        case when w.n % 10 = 9 then '"rejected","reason":"quantity_limit"' else '"confirmed"' end,
        to_char(w.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), h.stocked - w.sold, h.stocked, w.sold,
        w.sold + 1)
from (
    select g, g / p.partitions / p.skus as n, g / p.partitions % p.skus as number, g % p.partitions as home,
        g / p.partitions / p.skus + 1 - (g / p.partitions / p.skus + 1) / 10 as sold,
        p.since + g / 1000 * interval '20 ms' as at, md5('past ' || g)::uuid::text as token
    from (select * from lab_past limit 1) p cross join generate_series($1::bigint, $2::bigint) as g
    offset 0
) w
cross join lateral (select * from lab_past s where s.number = w.number and s.partition = w.home limit 1) h
