select count(*) from command where id = $1
