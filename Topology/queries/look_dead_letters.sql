-- $1 to $11 the filter, $12 after this id, $13 up to this id, $14 at most, $15 with all that arrived
select d.id, d.first_seen_at, d.last_seen_at, d.seen, d.partition, d.reason, d.detail, d.type, d.token, d.sku,
    d.state::text, d.fault, d.replayed, d.returned,
    case when d.type like 'weir.order.%' then o.status::text else i.status::text end,
    d.exchange, d.routing_key, d.properties::text, d.headers::text, case when $15 then d.body end
from dead_letters($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) d
    left join intent i on i.token = d.token left join orders o on o.token = d.token
where d.id > $12 and d.id <= $13 order by d.id limit $14
