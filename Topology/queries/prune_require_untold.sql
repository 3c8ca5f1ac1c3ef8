-- What was forgotten a moment ago nobody told of meanwhile: a statement sees no payment that was noted after it began,
-- although the row that it then locks was free only because of that commit.
-- $1 tokens that have expired
select require_untold((
    select count(*) from late_payment l
    where l.token = any ($1) and not exists (select from intent i where i.token = l.token)
))
