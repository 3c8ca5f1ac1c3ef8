-- What the walk through the checkpoint would forget.
-- $1 confirmed before this moment
select count(*) from checkpoint_intent c join intent i on i.token = c.token and i.status = c.status
    and i.returned = c.returned and i.decided_at = c.decided_at
where c.status = 'confirmed' and c.at < $1 and strpos(c.token, '/') = 0
