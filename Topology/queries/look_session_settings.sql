-- For the session of the look-ups. A plan made while a table was empty must not read the whole of it once it is
-- large: a few names are looked up one by one, in the index. Compiling such a query takes longer than running it, and
-- planning it anew for its values leads to the same plan.
set enable_seqscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
set jit = off;
set plan_cache_mode = force_generic_plan;
