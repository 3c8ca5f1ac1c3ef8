-- Ends what a killed server has left running, so that nothing of it commits any more. One row for each.
-- $1 the name that those sessions go by
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()
