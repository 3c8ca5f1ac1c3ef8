-- Roles whose sessions in this database answer before a commit is safe.
select coalesce(r.rolname, 'every role')::text
from pg_db_role_setting s cross join unnest(s.setconfig) c left join pg_roles r on r.oid = s.setrole
where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
    and c = 'synchronous_commit=off' order by 1
