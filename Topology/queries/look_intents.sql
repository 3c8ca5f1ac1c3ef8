-- What the API shows of tokens: the intent, or that it became a dead letter which a person has to look at.
-- $1 tokens
select t.token, i.sku, i.quantity, i.buyer, i.status::text, i.reason::text, i.hold_until, i.decided_at,
    i.place, i.granted_at, i.available_from, i.returned, i.on_shortage::text, i.replaces,
    (select min(d.id) from dead_letter d where d.token = t.token and d.state = 'open')
from unnest($1::text[]) as t (token) left join intent i on i.token = t.token
