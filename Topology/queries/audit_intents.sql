-- For each token how the checkpoint shows its intent (0), then its events in order (1), then its row (2).
select w.token, w.kind, w.partition, w.seq, w.type, w.body, w.token, w.sku, w.quantity, w.buyer, w.status, w.reason,
    w.hold_until, w.decided_at, w.place, w.granted_at, w.available_from, w.returned, w.on_shortage, w.replaces
from (
    select e.token, 1 as kind, e.partition, e.seq, e.type::text as type, e.body, null::text as sku,
        null::integer as quantity, null::text as buyer, null::text as status, null::text as reason,
        null::timestamptz as hold_until, null::timestamptz as decided_at, null::bigint as place,
        null::timestamptz as granted_at, null::timestamptz as available_from, null::integer as returned,
        null::text as on_shortage, null::text as replaces
    from event e
    where e.token is not null and e.type in (
        'weir.intent.reserved.v1', 'weir.intent.confirmed.v1', 'weir.intent.cancelled.v1',
        'weir.intent.expired.v1', 'weir.intent.rejected.v1', 'weir.intent.waitlisted.v1',
        'weir.intent.backordered.v1', 'weir.intent.shortfall.v1', 'weir.intent.extended.v1',
        'weir.intent.returned.v1'
    )
    union all
    select i.token, 2, i.partition, 0, null, null, i.sku, i.quantity, i.buyer, i.status::text, i.reason::text,
        i.hold_until, i.decided_at, i.place, i.granted_at, i.available_from, i.returned, i.on_shortage::text,
        i.replaces
    from intent i
    union all
    select i.token, 0, i.partition, 0, null, null, i.sku, i.quantity, i.buyer, i.status::text, i.reason::text,
        i.hold_until, i.decided_at, i.place, i.granted_at, i.available_from, i.returned, i.on_shortage::text,
        i.replaces
    from checkpoint_intent i
) w
order by w.token, w.kind, w.partition, w.seq
