-- Orders that were sold at the checkpoint, and are old enough now.
-- $1 behind this token, $2 at most, $3 confirmed before this moment
select c.token from checkpoint_order c join orders o on o.token = c.token
where c.status = 'confirmed' and c.token > $1 and o.changed_at < $3
order by c.token limit $2
