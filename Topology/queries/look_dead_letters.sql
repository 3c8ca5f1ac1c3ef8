-- $1 after this id, $2 at most
select id, first_seen_at, last_seen_at, seen, partition, reason, detail, type, token, sku
from dead_letter where id > $1 order by id limit $2
