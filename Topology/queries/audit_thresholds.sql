-- Whether the whole log was written by a version that tells of thresholds.
select not exists (
    select from event e join migration m on m.name = 'm0002_stock'
    where e.partition in (select partition from partition) and e.at < m.applied_at
        and e.seq = 1 + coalesce((select c.seq from checkpoint c where c.partition = e.partition), 0)
)
