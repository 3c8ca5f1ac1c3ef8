-- How many events are not published or not forwarded yet, and how many orders are neither kept nor given up.
select coalesce(sum(head - published), 0)::bigint + (
    select count(*) from orders where status in ('reserving', 'reclaiming') or awaited <> 0)
from partition
