-- Which migrations this database has.
create table if not exists migration (name text primary key, applied_at timestamptz not null default now());
