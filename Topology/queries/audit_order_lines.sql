-- Every order, then its lines as their partitions have them.
select w.token, w.number, w.buyer, w.partition, w.lines, w.status, w.reason, w.version, w.hold_until, w.decided_at,
    w.awaited, w.sku, w.quantity, w.is_guarded
from (
    select o.token, 0 as number, o.buyer, o.partition, o.lines, o.status::text as status, o.reason::text as reason,
        o.version, o.hold_until, o.decided_at, o.awaited, null::text as sku, null::integer as quantity,
        false as is_guarded
    from orders o
    union all
    select o.token, l.number::integer, i.buyer, i.partition, null, i.status::text, null, null, null, null, null, i.sku,
        i.quantity, p.guard_at is not null
    from orders o
    cross join lateral generate_series(1, json_array_length(o.lines::json -> 'lines')) as l (number)
    left join intent i on i.token = o.token || '/' || l.number
    left join order_part p on p.order_token = o.token and p.partition = i.partition
) w
order by w.token, w.number
