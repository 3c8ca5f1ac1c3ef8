-- $1 id
update replay set ended_at = null, stop_asked = false, trouble = null where id = $1
