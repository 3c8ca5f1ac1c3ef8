-- What a token was answered before.
-- $1 token
select status from lab_order where token = $1
