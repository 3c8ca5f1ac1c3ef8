-- Runs with what became of their letters, the newest first; one that has not ended runs while somebody has its lock.
-- $1 class of the lock, $2 id or null, $3 before this id, $4 at most
select r.id, r.begun_at, r.ended_at, r.done_id, r.last_id, r.total, r.published, r.skipped, r.rate, r.as_new,
    r.dry_run, r.stop_asked, r.who, r.why, r.filter, r.findings, r.trouble,
    exists (
        select from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
        where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.classid::integer = $1
            and l.objid::bigint = r.id % 2147483647
    ),
    (select count(*) from dead_letter_history h where h.replay = r.id and h.returned_at is not null)
from replay r where ($2::bigint is null or r.id = $2) and r.id < $3 order by r.id desc limit $4
