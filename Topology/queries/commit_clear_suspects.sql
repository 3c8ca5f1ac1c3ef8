-- A suspect that was decided, or that became a dead letter, is none any more.
-- $1 partition, $2 bodies
delete from suspect
where partition = $1 and digest = any (select sha256(b.body) from unnest($2::bytea[]) as b (body))
