-- $1 partition
select seq, body from event where partition = $1 order by seq
