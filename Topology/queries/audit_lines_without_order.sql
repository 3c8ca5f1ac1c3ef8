-- Lines that claim units for an order that nobody knows: there may be none.
select i.token from intent i
where i.status in ('reserved', 'confirmed') and strpos(i.token, '/') > 0
    and not exists (select from orders o where o.token = left(i.token, strpos(i.token, '/') - 1))
order by i.token limit 5
