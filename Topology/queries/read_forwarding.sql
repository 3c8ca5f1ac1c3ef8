-- How far the messages of a log were forwarded, and which is the last.
-- $1 partition
select p.forwarded, coalesce(
    (select a.seq from event_address a where a.partition = $1 order by a.partition desc, a.seq desc limit 1), 0)
from partition p where p.partition = $1
