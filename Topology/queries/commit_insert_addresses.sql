-- Which of the batch's events are messages, and for whom.
-- $1 partition, then one array a column
insert into event_address (seq, partitions, partition)
select a.seq, a.partitions, $1 from unnest($2::bigint[], $3::bigint[]) as a (seq, partitions)
