-- Sales that were kept by an earlier prune, and are old enough now.
-- $1 from this page of the checkpoint, $2 up to before this one, $3 confirmed before this moment
with old as materialized (
    select array_agg(c.token) as tokens, array_agg(c.status::text) as statuses, array_agg(c.returned) as returned,
        array_agg(c.decided_at) as decided
    from checkpoint_intent c
    where c.ctid >= ('(' || $1::bigint || ',0)')::tid and c.ctid < ('(' || $2::bigint || ',0)')::tid
        and c.status = 'confirmed' and c.at < $3
)
select f.status, f.intents from old o cross join lateral forget_intents(o.tokens, o.statuses, o.returned, o.decided) f
