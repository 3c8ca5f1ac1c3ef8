-- What a new owner has to know; read in a later statement than the one that took the lock, which could
-- still see what was before.
-- $1 partition
select p.head, p.published, i.partitions, i.system_identifier, i.timeline, c.system_identifier,
    ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer, clock_timestamp()
from partition p cross join installation i cross join pg_control_system() c
where p.partition = $1
