-- How many pages the tables have that are walked through from end to end, and the database's clock.
select pg_relation_size('checkpoint_intent') / current_setting('block_size')::bigint,
    pg_relation_size('command') / current_setting('block_size')::bigint, clock_timestamp()
