-- Every key, the revoked ones too, the oldest first.
select id, name, scopes, created_at, revoked_at from api_key order by created_at, id
