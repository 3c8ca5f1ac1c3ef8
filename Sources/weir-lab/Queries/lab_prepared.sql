-- The transactions of this database that wait for their second phase.
select gid from pg_prepared_xacts where database = current_database() order by gid
