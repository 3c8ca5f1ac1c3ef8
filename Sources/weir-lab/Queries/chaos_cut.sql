-- Ends every other session of this database, as a proxy or a network does that drops connections.
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
