-- What a prune would forget of a partition: intents whose last event lies in what goes, by their state.
-- $1 partition, $2 after this event, $3 up to this one, $4 sales confirmed before this moment, or null
select i.status::text, count(distinct i.token)
from event e join intent i on i.token = e.token
where e.partition = $1 and e.seq > $2 and e.seq <= $3 and strpos(i.token, '/') = 0 and case e.type::text
    when 'weir.intent.rejected.v1' then i.status = 'rejected'
    when 'weir.intent.cancelled.v1' then i.status = 'cancelled'
    when 'weir.intent.expired.v1' then i.status = 'expired'
    when 'weir.intent.shortfall.v1' then i.status = 'expired'
    when 'weir.intent.confirmed.v1' then i.status = 'confirmed' and e.at < $4
    else false end
    and not exists (select from late_payment l where l.token = i.token and (l.partition <> $1 or l.seq > $3))
group by i.status
