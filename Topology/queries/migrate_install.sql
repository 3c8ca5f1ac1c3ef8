-- The first migration chooses how many partitions there are; later ones only read it.
-- $1 partitions
insert into installation (partitions, system_identifier, timeline)
select $1, c.system_identifier,
    ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
from pg_control_system() c
on conflict (singleton) do nothing
