-- A SKU that is hot or cold, and the crowd before it.
-- $1 SKU, $2 partition, $3 how many, $4 the state in which they are, $5 units that are available
with crowd as (
    insert into intent (decided_at, hold_until, quantity, status, partition, token, sku, buyer, place)
    select now(), case when $4 = 'reserved' then now() + interval '1 day' end, 1, $4::intent_status, $2,
        'crowd-' || g, $1, 'buyer-' || g, case when $4 = 'waitlisted' then g end
    from generate_series(1, $3) g
    returning status
), counted as (
    select count(*) filter (where status = 'reserved') as held, count(*) filter (where status = 'waitlisted') as waiting
    from crowd
)
insert into sku (stocked, available, held, sold, version, hold_seconds, partition, sku, waitlisted, last_place,
    on_shortage)
select $5 + held, $5, held, 0, 1, 86400, $2, $1, waiting, waiting, 'waitlist' from counted
