-- What became of each intent, in order: the states it passed, and where its decision stands in the log.
select e.token, e.partition, min(e.seq), string_agg(split_part(e.type::text, '.', 3), ' ' order by e.seq)
from event e
where e.token is not null and e.type::text like 'weir.intent.%'
group by e.token, e.partition
