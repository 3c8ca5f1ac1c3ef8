-- What a row takes of each table, with its indexes.
select c.relname::text, c.reltuples::bigint, pg_table_size(c.oid)::double precision / greatest(c.reltuples, 1),
    pg_indexes_size(c.oid)::double precision / greatest(c.reltuples, 1)
from pg_class c
where c.relname in ('event', 'intent', 'command', 'checkpoint_intent', 'pruned_buyer') and c.reltuples > 0
order by 1
