-- $1 name
insert into migration (name) values ($1)
