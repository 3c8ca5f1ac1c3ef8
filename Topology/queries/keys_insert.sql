-- $1 id, $2 name, $3 scopes, $4 digest
insert into api_key (id, name, scopes, digest) values ($1, $2, $3, $4)
