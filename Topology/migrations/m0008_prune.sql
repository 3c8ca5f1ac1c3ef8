-- What `weir prune` leaves behind, in the form of the rows themselves, so that the audit goes on from it. Nothing has
-- written these two tables before.
drop table checkpoint_sku, checkpoint_intent;

-- Each SKU after its last event up to its partition's checkpoint. A new column of `sku` is one of this table, too.
create table checkpoint_sku (
    like sku,
    -- Units of sales that were forgotten: the SKU's row counts them for ever.
    pruned_sold bigint not null default 0 constraint checkpoint_sku_pruned_sold_range check (pruned_sold >= 0),
    constraint checkpoint_sku_pkey primary key (sku)
);

-- Each intent that was kept, after its last event up to the checkpoint. A new column of `intent` is one here, too.
create table checkpoint_intent (
    like intent,
    -- When that event was.
    at timestamptz not null,
    constraint checkpoint_intent_pkey primary key (token)
);

create index checkpoint_intent_line on checkpoint_intent (sku, status, place)
where status in ('waitlisted', 'backordered');

-- What buyers have of a SKU by sales that were forgotten: it counts for their limit as long as the SKU lives.
create table pruned_buyer (
    units bigint not null constraint pruned_buyer_units_range check (units >= 1),
    sku text collate "C" not null,
    buyer text collate "C" not null,
    constraint pruned_buyer_pkey primary key (sku, buyer)
) with (fillfactor = 90);

-- Forgets intents that still are as they were in the log, and says how many of each status. Units of sales stay as
-- totals: of the SKU and of the buyer.
--
-- The caller does not own the partition. That is right because an intent that is only read by a batch was decided on
-- before it went, and one that is changed is counted by its writer: WR002, and the batch is decided again without it.
-- A row that a batch has in hand is skipped, so that nobody waits and nothing can deadlock; it is kept, for now.
-- Lines of an order, whose token has a slash, go with their order only.
create function forget_intents(tokens text[], statuses text[], returned integer[], decided timestamptz[])
returns table (status text, intents bigint) language sql as $$
    with mine as (
        select i.token, i.sku, i.buyer, i.status, i.quantity - i.returned as units
        from intent i join unnest($1, $2, $3, $4) as c (token, status, returned, decided_at)
            on i.token = c.token and i.status = c.status::intent_status and i.returned = c.returned
                and i.decided_at = c.decided_at
        where strpos(i.token, '/') = 0
        order by i.token for update of i skip locked
    ), gone as (
        delete from intent i using mine m where i.token = m.token returning m.*
    ), images as (
        delete from checkpoint_intent c using gone g where c.token = g.token
    ), sold as (
        select g.sku, g.buyer, sum(g.units)::bigint as units from gone g where g.status = 'confirmed'
        group by g.sku, g.buyer
    ), buyers as (
        insert into pruned_buyer as b (units, sku, buyer) select s.units, s.sku, s.buyer from sold s
        on conflict on constraint pruned_buyer_pkey do update set units = b.units + excluded.units
    ), units as (
        update checkpoint_sku c set pruned_sold = c.pruned_sold + s.units
        from (select sku, sum(units)::bigint as units from sold group by sku) s where c.sku = s.sku
    )
    select g.status::text, count(*) from gone g group by g.status
$$;

-- A fifth of a large table is too much to wait for: the default lets a log of a thousand million rows collect two
-- hundred million dead ones.
alter table event set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
alter table intent set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
alter table command set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
