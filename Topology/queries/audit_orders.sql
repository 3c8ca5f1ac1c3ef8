-- For each order how the checkpoint shows it (of no type), then its events in order, then its row.
select w.token, w.is_row, w.partition, w.seq, w.type, w.body, w.buyer, w.lines, w.status, w.reason, w.version,
    w.hold_until, w.decided_at
from (
    select e.token, false as is_row, e.partition, e.seq, e.type::text as type, e.body, null::text as buyer,
        null::text as lines, null::text as status, null::text as reason, null::bigint as version,
        null::timestamptz as hold_until, null::timestamptz as decided_at
    from event e
    where e.type in (
        'weir.order.reserving.v1', 'weir.order.reserved.v1', 'weir.order.confirmed.v1', 'weir.order.cancelled.v1',
        'weir.order.expired.v1', 'weir.order.rejected.v1', 'weir.order.reclaiming.v1', 'weir.order.shortfall.v1',
        'weir.order.told.v1'
    )
    union all
    select o.token, true, o.partition, 0, null, null, o.buyer, o.lines, o.status::text, o.reason::text, o.version,
        o.hold_until, o.decided_at
    from orders o
    union all
    select o.token, false, o.partition, 0, null, null, o.buyer, o.lines, o.status::text, o.reason::text, o.version,
        o.hold_until, o.decided_at
    from checkpoint_order o
) w
order by w.token, w.is_row, w.type is not null, w.partition, w.seq
