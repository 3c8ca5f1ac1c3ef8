-- For the session of a prune. A plan made while a table was empty must not scan it once it is large; and compiling a
-- query of a thousand rows takes longer than running it.
set enable_seqscan = off;
set jit = off;
