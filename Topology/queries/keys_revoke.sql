-- Ends a key; the first end counts. One row when there is such a key. $1 id
update api_key set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1
returning id, name, scopes, created_at, revoked_at
