-- Every partition's checkpoint.
select partition, seq, horizon from checkpoint order by partition
