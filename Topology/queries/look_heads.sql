-- How far each partition's log has come.
select head from partition order by partition
