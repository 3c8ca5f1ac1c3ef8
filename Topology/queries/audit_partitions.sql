-- Every partition's head.
select partition, head from partition order by partition
