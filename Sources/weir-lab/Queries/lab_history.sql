-- Fills a migrated database with a history as workers would have written it, from the table lab_history (partition,
-- sku, number, intents). Of ten intents of a SKU one is rejected, three are sold, three are cancelled after the sale,
-- and three give a unit back before that: 28 events.
create temp table lab_step as
with intents as (
    select h.partition, h.sku, h.number, n, n % 10 as kind, md5(h.sku || ' ' || n)::uuid::text as token,
        'buyer-' || (n * 7919 + h.number) % 100000 as buyer
    from lab_history h cross join lateral generate_series(0, h.intents - 1) as n
), steps as (
    select partition, sku, number, -1 as n, -1 as kind, null::text as token, null::text as buyer, 0 as step,
        'defined' as state, null::text as before, 0 as held, 0 as sold, -1::bigint as moment
    from lab_history
    union all
    select i.partition, i.sku, i.number, i.n, i.kind, i.token, i.buyer, s.step, s.state, s.before, s.held, s.sold,
        i.n * 4 + s.step * 60
    from intents i join (values
        (0, 'rejected', null, 0, 0, 0, 0), (0, 'reserved', null, 2, 0, 1, 9), (1, 'confirmed', 'reserved', -2, 2, 1, 9),
        (2, 'cancelled', 'confirmed', 0, -2, 4, 6), (2, 'returned', null, 0, -1, 7, 9),
        (3, 'cancelled', 'confirmed', 0, -1, 7, 9)
    ) as s (step, state, before, held, sold, first_kind, last_kind)
        on i.kind between s.first_kind and s.last_kind
), placed as (
    select s.*, row_number() over (partition by partition order by moment, number, n, step) as seq from steps s
)
select p.*, now() - interval '1 day' + p.seq / 500 * interval '10 ms' as at,
    sum(held) over w as now_held, sum(sold) over w as now_sold,
    1 + count(*) filter (where state not in ('defined', 'rejected')) over w as version,
    min(seq) over (partition by sku, n) as first_seq
from placed p
window w as (partition by sku order by seq);

insert into event (seq, at, type, partition, sku, token, reply_to, correlation_id, body)
select seq, at,
    (case state when 'defined' then 'weir.sku.defined.v1' else 'weir.intent.' || state || '.v1' end)::event_type,
    partition, sku, token, 'weir.ingress.1f2e3d4c5b6a', seq::text, case state
    when 'defined' then format('{"sku":"%s","partition":%s,"stocked":1000000,"held":0,"sold":0,"available":1000000,'
        '"waitlisted":0,"backordered":0,"version":1,"hold_seconds":900,"safety_stock":0,"on_shortage":"reject"}', sku,
        partition)
    else format('{"token":"%s","sku":"%s","quantity":2,"buyer":"%s","status":"%s"%s%s%s,"decided_at":"%s"%s%s,'
        '"available":%s,"stock":{"stocked":1000000,"held":%s,"sold":%s,"version":%s}}', token, sku, buyer,
        case state when 'returned' then 'confirmed' else state end,
        case state when 'rejected' then ',"reason":"quantity_limit"' end,
        case when state = 'returned' or step = 3 then ',"returned":1' end,
        case state when 'reserved' then ',"hold_until":"'
            || to_char((at + interval '15 min') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"' end,
        to_char((now() - interval '1 day' + first_seq / 500 * interval '10 ms') at time zone 'UTC',
            'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        case when before is not null then format(',"previous_status":"%s"', before) end,
        case state when 'returned' then ',"units":1' end,
        1000000 - now_held - now_sold, now_held, now_sold, version) end
from lab_step l order by l.at, l.partition, l.seq;

insert into intent (decided_at, quantity, status, reason, partition, token, sku, buyer, returned)
select now() - interval '1 day' + first_seq / 500 * interval '10 ms', 2,
    (case kind when 0 then 'rejected' when 1 then 'confirmed' when 2 then 'confirmed' when 3 then 'confirmed'
        else 'cancelled' end)::intent_status,
    (case kind when 0 then 'quantity_limit' end)::rejection_reason, partition, token, sku, buyer,
    case when kind >= 7 then 1 else 0 end
from lab_step where step = 0 and n >= 0 order by at, partition, seq;

-- The results of the commands that confirmed, cancelled and gave back.
insert into command (decided_at, partition, id, payload, result)
select at, partition, md5(token || step)::uuid::text,
    format(E'weir.intent.%s.v1\n%s\n%s', case state when 'confirmed' then 'confirm' else 'cancel' end, sku, token),
    format('{"result":"done","intent":{"token":"%s","sku":"%s","quantity":2,"buyer":"%s","status":"%s",'
        '"decided_at":"%s"}}', token, sku, buyer, case state when 'returned' then 'confirmed' else state end,
        to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
from lab_step where step > 0 order by at, partition, seq;

insert into sku (stocked, available, held, sold, version, hold_seconds, partition, sku)
select distinct on (sku) 1000000, 1000000 - now_held - now_sold, now_held, now_sold, version, 900, partition, sku
from lab_step order by sku, seq desc;

update partition p set head = l.head, published = l.head
from (select partition, max(seq) as head from lab_step group by partition) l where l.partition = p.partition;

drop table lab_step;
