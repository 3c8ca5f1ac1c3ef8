-- How much the write-ahead log has taken since the beginning of the cluster, in bytes.
select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint
