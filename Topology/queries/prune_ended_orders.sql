-- Orders that stood at their end at the checkpoint.
-- $1 behind this token, $2 at most
select c.token from checkpoint_order c
where c.status in ('cancelled', 'expired', 'rejected') and c.token > $1
order by c.token limit $2
