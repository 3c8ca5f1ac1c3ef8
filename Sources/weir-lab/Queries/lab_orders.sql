-- Every decision that is on record.
select token, status from lab_order
