select i.partitions, i.system_identifier, i.timeline, c.system_identifier,
    ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
from installation i cross join pg_control_system() c
