-- A person has looked: this cluster and its timeline are the ones to go on with.
update installation set system_identifier = c.system_identifier,
    timeline = ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
from pg_control_system() c
