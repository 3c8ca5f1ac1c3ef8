-- What the log says of every intent, in the order of the intent rows.
select token, partition, seq, type::text, body from event
where token is not null and type::text like 'weir.intent.%'
order by token, partition, seq
