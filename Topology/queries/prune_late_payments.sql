-- The log up to an event will not tell of late payments any more. From here on, until the transaction ends, nobody else
-- tells of one for the intents that are to go; except of those that a batch has in hand, of which prune_require_untold
-- says afterwards whether it did.
-- $1 partition, $2 up to this event, $3 tokens that have expired
with gone as (
    delete from late_payment where partition = $1 and seq <= $2
)
select count(*) from (
    select i.token from intent i where i.token = any ($3) order by i.token for update of i skip locked
) l
