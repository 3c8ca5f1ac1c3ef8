-- For the session of a partition. A plan made while a table was empty must not scan it once it is large; compiling a
-- query of a thousand rows takes longer than running it; and none of its queries is better planned anew for its
-- values: planning took a seventh of the server's time.
set enable_seqscan = off;
set jit = off;
set plan_cache_mode = force_generic_plan;
