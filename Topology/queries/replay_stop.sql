-- $1 id
update replay set stop_asked = true where id = $1 and ended_at is null returning id
