-- The books of a history, from its last events.
update sku s set available = s.stocked - l.sold, sold = l.sold, version = l.sold + 1
from (select sku, count(*) as sold from intent where status = 'confirmed' group by sku) l where l.sku = s.sku;
update partition p set head = l.head, published = l.head
from (select partition, max(seq) as head from event group by partition) l where l.partition = p.partition;
drop table lab_past;
