-- What an ingress needs to know: the keys that are good, and whether there ever was any.
select digest, id, scopes, revoked_at is null from api_key
