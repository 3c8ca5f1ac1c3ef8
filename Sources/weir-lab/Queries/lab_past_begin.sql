-- Where the history that is about to be written gets its SKUs from: those of each partition in turn, each partition as
-- many.
create table lab_past as
select partition, row_number() over (partition by partition order by sku) - 1 as number, sku, stocked,
    count(*) over (partition by partition) as skus, (select count(*) from partition) as partitions,
    now() - interval '1 day' as since
from sku;
alter table lab_past add primary key (number, partition);
analyze lab_past;
