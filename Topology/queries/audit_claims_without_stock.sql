-- Intents that claim units of a SKU that was never defined: there may be none.
select i.token from intent i
where i.status in ('reserved', 'confirmed', 'waitlisted', 'backordered') and not exists (select from sku s where s.sku = i.sku)
order by i.token limit 5
