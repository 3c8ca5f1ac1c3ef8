-- $1 id, $2 done up to this letter, $3 published, $4 skipped, $5 findings, $6 whether it ends, $7 trouble
update replay set done_id = $2, published = $3, skipped = $4, findings = $5,
    ended_at = case when $6 then clock_timestamp() end, trouble = $7
where id = $1 returning stop_asked
