-- $1 to $11 the filter, $12 at most
select g.fault, g.type, g.letters, g.first_seen_at, g.last_seen_at, d.id, d.detail
from (
    select d.fault, d.type, count(*) as letters, min(d.first_seen_at) as first_seen_at,
        max(d.last_seen_at) as last_seen_at, max(d.id) as example
    from dead_letters($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) d group by d.fault, d.type
) g join dead_letter d on d.id = g.example
order by g.letters desc, g.fault limit $12
