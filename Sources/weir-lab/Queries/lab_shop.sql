-- The tables of the shop that Weir is compared with, and its one hot SKU.
create table if not exists lab_stock (
    sku text primary key,
    available bigint not null check (available >= 0)
);
create table if not exists lab_order (
    token text primary key,
    sku text not null,
    quantity integer not null,
    buyer text not null,
    status text not null,
    decided_at timestamptz not null default now()
);
insert into lab_stock values ('hot', 1000000000) on conflict (sku) do update set available = 1000000000;
