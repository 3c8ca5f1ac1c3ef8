-- What a worker shows of each partition beside its own counts: how far the cursor is behind, and the holds that are due.
select p.partition, p.head - p.published, (
    select count(*) from intent i
    where i.partition = p.partition and i.status = 'reserved' and i.hold_until <= clock_timestamp())
from partition p order by p.partition
