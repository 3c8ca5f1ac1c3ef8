-- Who is there and who owns what: every session-level lock of the two classes in this database.
-- $1 class of partitions, $2 class of workers
select l.classid::integer, l.objid::integer, l.pid
from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.classid::integer in ($1, $2)
