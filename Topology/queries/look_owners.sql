-- Which sessions hold the partitions' locks, and what they call themselves.
-- $1 class of partitions
select l.objid::integer, a.application_name
from pg_locks l
join pg_database d on d.oid = l.database and d.datname = current_database()
join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.classid::integer = $1
