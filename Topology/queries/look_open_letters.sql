-- How many dead letters a person has to look at.
select count(*) from dead_letter where state = 'open'
