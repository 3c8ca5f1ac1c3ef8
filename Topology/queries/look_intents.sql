-- What the API shows of tokens: the intent, or that it became a dead letter which a person has to look at.
-- Who stands in line is told how many come
-- before him in it. The first thousand are counted; behind them the places that were given out since the first one
-- tell it, which counts those as well who have left meanwhile: nobody's look may cost a walk along the whole line.
-- $1 tokens
select t.token, i.sku, i.quantity, i.buyer, i.status::text, i.reason::text, i.hold_until, i.decided_at,
    i.place, i.granted_at, i.available_from, i.returned, i.on_shortage::text, i.replaces,
    case when i.status in ('waitlisted', 'backordered') then (
        select case when a.ahead < 1000 then a.ahead + 1 else i.place - (
            select f.place from intent f where f.sku = i.sku and f.status = i.status
                and f.status in ('waitlisted', 'backordered')
            order by f.sku, f.status, f.place limit 1) + 1 end
        from (
            select count(*) as ahead from (
                select from intent o where o.sku = i.sku and o.status = i.status
                    and o.status in ('waitlisted', 'backordered') and o.place < i.place
                limit 1000
            ) earlier
        ) a
    ) end,
    (
        select min(d.id) from dead_letter d
        where d.token = t.token and d.state = 'open' and coalesce(d.type not like 'weir.order.%', true)
    )
from unnest($1::text[]) as t (token) left join intent i on i.token = t.token
