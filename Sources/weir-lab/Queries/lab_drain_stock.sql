-- Defines SKUs as workers would have, each with its event.
-- $1 partitions, $2 SKUs, $3 units of each
with defined as (
    select p.partition, n.sku, p.head + row_number() over (partition by p.partition order by n.place) as seq
    from unnest($1::smallint[], $2::text[]) with ordinality as n (partition, sku, place)
    join partition p on p.partition = n.partition
), events as (
    insert into event (seq, at, type, partition, sku, body)
    select seq, now(), 'weir.sku.defined.v1', partition, sku,
        format('{"sku":"%s","partition":%s,"stocked":%s,"held":0,"sold":0,"available":%s,"waitlisted":0,'
            '"backordered":0,"version":1,"hold_seconds":0,"max_per_intent":2}', sku, partition, $3, $3)
    from defined order by partition, seq
), skus as (
    insert into sku (stocked, available, held, sold, version, hold_seconds, max_per_intent, partition, sku)
    select $3, $3, 0, 0, 1, 0, 2, partition, sku from defined order by partition, seq
)
update partition p set head = l.head, published = l.head
from (select partition, max(seq) as head from defined group by partition) l where l.partition = p.partition
