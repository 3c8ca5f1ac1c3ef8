-- What the sessions of the partitions do at this moment: how many are at work, how many of these wait for rows that another
-- transaction holds, how many for a place where something is taken that all share for an instant (the end of a table, a
-- page in memory, the log), how many for the disk.
select count(*), count(*) filter (where wait_event_type = 'Lock' and wait_event <> 'extend'),
    count(*) filter (where wait_event_type = 'LWLock' or wait_event_type = 'Lock' and wait_event = 'extend'),
    count(*) filter (where wait_event_type = 'IO')
from pg_stat_activity
where datname = current_database() and application_name like 'weir worker % partition %' and state = 'active'
