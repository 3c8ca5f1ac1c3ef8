-- What became of each order, in order: the states it passed, and where its beginning stands in the log.
select e.token, e.partition, min(e.seq), string_agg(split_part(e.type::text, '.', 3), ' ' order by e.seq)
from event e
where e.type::text ~ '^weir[.]order[.](reserving|reserved|confirmed|cancelled|expired|rejected|reclaiming)[.]v1$'
group by e.token, e.partition
