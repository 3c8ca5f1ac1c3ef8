-- The tables of the shops that Weir is compared with.
create table lab_stock (
    sku text primary key,
    stocked bigint not null,
    available bigint not null check (available >= 0),
    version bigint not null default 0
);
create table lab_order (
    token text not null,
    sku text not null,
    quantity integer not null,
    buyer text not null,
    status text not null,
    bucket bigint,
    decided_at timestamptz not null default now()
);
-- Units that a server has taken out of the stock in advance, to sell them from its memory.
create table lab_bucket (
    bucket bigint generated always as identity primary key,
    sku text not null,
    units bigint not null,
    open boolean not null default true
);
