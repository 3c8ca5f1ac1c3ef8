-- What the database takes on the disk, in bytes.
select pg_database_size(current_database())
