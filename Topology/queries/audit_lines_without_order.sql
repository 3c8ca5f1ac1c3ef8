-- Lines that claim units although no order names them, or nobody knows the order: there may be none. One that has not
-- answered yet is on its way.
select i.token from intent i left join orders o on o.token = left(i.token, strpos(i.token, '/') - 1)
where i.status in ('reserved', 'confirmed') and strpos(i.token, '/') > 0 and (
    o.token is null or json_array_length(o.lines::json -> 'lines') < split_part(i.token, '/', 2)::integer
        and o.awaited & (1::bigint << i.partition) = 0
)
order by i.token limit 5
