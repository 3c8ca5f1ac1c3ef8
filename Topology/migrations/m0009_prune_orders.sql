-- Orders go, too: whole, with their parts and lines, in one transaction.

-- A worker of before this step does not write down what a prune goes by: none may be at work, and none begin meanwhile.
-- The number is the first key of the locks by which workers own partitions. Who has just ended gets a moment.
do $$
declare
    number smallint;
    patience text := current_setting('lock_timeout');
begin
    perform set_config('lock_timeout', '5s', true);
    for number in select p.partition from partition p order by p.partition loop
        perform pg_advisory_xact_lock(1464158546, number);
    end loop;
    perform set_config('lock_timeout', patience, true);
exception when lock_not_available then
    raise exception using message = format(
        'partition %s has a worker, and what an older one writes cannot be pruned safely: stop every worker,'
        ' run `weir migrate`, then start the new ones', number);
end
$$;

-- The last event of the own partition's log that shows the order, or is about the part. An order is kept as long as
-- one of them is there, so that the log never tells of an order without a row. Where nobody wrote it down: the head.
alter table orders add column last_seq bigint not null default 0;
alter table order_part add column last_seq bigint not null default 0;
update orders o set last_seq = p.head from partition p where p.partition = o.partition;
update order_part o set last_seq = p.head from partition p where p.partition = o.partition;

-- Each order that was kept, after its last event up to its coordinator's checkpoint.
create table checkpoint_order (
    version bigint not null,
    hold_until timestamptz,
    decided_at timestamptz,
    status order_status not null,
    reason rejection_reason,
    partition smallint not null,
    token text collate "C" not null,
    buyer text collate "C" not null,
    lines text not null,
    constraint checkpoint_order_pkey primary key (token)
);

-- What has ended waits here until every partition's log is pruned as far; sales may stay for ever.
create index checkpoint_order_ended on checkpoint_order (token) where status in ('cancelled', 'expired', 'rejected');

-- Forgets orders that have ended, each with its parts and lines or not at all, and says how many of each status, with
-- how many lines. Ended is one of which every participant has followed the last version, which holds no line, and of
-- which no log tells any more. Units of sold lines stay as totals, as with forget_intents.
--
-- The caller owns none of the partitions. That is right because whoever has read one of the rows and writes it later
-- counts it (WR002, and decides again without it), and reads all rows of an order at one moment. A row that a batch has
-- in hand is skipped, and with it the order.
create function forget_orders(tokens text[], sold_before timestamptz)
returns table (status text, orders bigint, lines bigint) language sql as $$
    with mine as (
        select o.token, o.status from orders o
        join checkpoint k on k.partition = o.partition and k.seq >= o.last_seq
        join checkpoint_order c on c.token = o.token and c.version = o.version
        where o.token = any ($1) and o.awaited = 0 and o.due_at is null and (
            o.status in ('cancelled', 'expired', 'rejected') or o.status = 'confirmed' and o.changed_at < $2)
        order by o.token for update of o skip locked
    ), parts as (
        select p.order_token, p.partition from mine m
        join order_part p on p.order_token = m.token
        join checkpoint k on k.partition = p.partition and k.seq >= p.last_seq
        where p.guard_at is null
        order by p.order_token, p.partition for update of p skip locked
    ), names as materialized (
        -- By a range of the key for each order, and then by the key alone: no plan reads the tables of intents from
        -- end to end. An order has at most 500 lines; one with more would not be whole.
        select i.token, m.token as order_token, m.status from mine m
        cross join lateral (
            select l.token from intent l where l.token > m.token || '/' and l.token < m.token || '0'
            order by l.token limit 500
        ) i
    ), lines as (
        select i.token, n.order_token, i.sku, i.buyer, i.status, i.quantity - i.returned as units
        from names n
        join intent i on i.token = n.token
        join checkpoint_intent c on c.token = n.token and c.status = i.status and c.returned = i.returned
            and c.decided_at = i.decided_at
        where i.status in ('cancelled', 'expired', 'rejected')
            or i.status = 'confirmed' and n.status = 'confirmed'
        order by i.token for update of i skip locked
    ), whole as (
        select m.token, m.status, coalesce(l.lines, 0) as lines from mine m
        left join (select p.order_token, count(*) as parts from parts p group by 1) p on p.order_token = m.token
        left join (select l.order_token, count(*) as lines from lines l group by 1) l on l.order_token = m.token
        where coalesce(p.parts, 0) = (select count(*) from order_part a where a.order_token = m.token)
            and coalesce(l.lines, 0) = (
                select count(*) from intent a where a.token > m.token || '/' and a.token < m.token || '0')
    ), gone as (
        delete from orders o using whole w where o.token = w.token returning o.token, w.status, w.lines
    ), gone_images as (
        delete from checkpoint_order c using gone g where c.token = g.token
    ), gone_parts as (
        delete from order_part p using gone g where p.order_token = g.token
    ), gone_lines as (
        delete from intent i using lines l, gone g where i.token = l.token and g.token = l.order_token returning l.*
    ), gone_line_images as (
        delete from checkpoint_intent c using gone_lines l where c.token = l.token
    ), sold as (
        select l.sku, l.buyer, sum(l.units)::bigint as units from gone_lines l where l.status = 'confirmed'
        group by l.sku, l.buyer
    ), buyers as (
        insert into pruned_buyer as b (units, sku, buyer) select s.units, s.sku, s.buyer from sold s
        on conflict on constraint pruned_buyer_pkey do update set units = b.units + excluded.units
    ), units as (
        update checkpoint_sku c set pruned_sold = c.pruned_sold + s.units
        from (select sku, sum(units)::bigint as units from sold group by sku) s where c.sku = s.sku
    )
    select g.status::text, count(*), sum(g.lines)::bigint from gone g group by g.status
$$;

-- Which events of the log tell of a payment that came too late. As long as one does its intent is kept, as it is: the
-- audit compares the two. Of what was told before this step nobody knows it.
create table late_payment (
    seq bigint not null,
    partition smallint not null,
    token text collate "C" not null,
    constraint late_payment_pkey primary key (partition, seq)
);

create index late_payment_token on late_payment (token);

-- Fails so that the same transaction is tried again: then it finds what was told meanwhile.
create function require_untold(told bigint) returns void language plpgsql as $$
begin
    if told > 0 then
        raise exception using errcode = '40001',
            message = format('%s late payments were told of while their intents were being forgotten', told);
    end if;
end
$$;

-- Forgets intents that still are as they were in the log, and says how many of each status, as before; but none of
-- which the rest of the log still tells.
create or replace function forget_intents(
    tokens text[], statuses text[], returned integer[], decided timestamptz[]
)
returns table (status text, intents bigint) language sql as $$
    with mine as (
        select i.token, i.sku, i.buyer, i.status, i.quantity - i.returned as units
        from intent i join unnest($1, $2, $3, $4) as c (token, status, returned, decided_at)
            on i.token = c.token and i.status = c.status::intent_status and i.returned = c.returned
                and i.decided_at = c.decided_at
        where strpos(i.token, '/') = 0 and not exists (select from late_payment l where l.token = i.token)
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

-- As for intents and the log: a fifth of a large table is too much to wait for.
alter table orders set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
alter table order_part set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
alter table event_address set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
alter table late_payment set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
alter table checkpoint_order set (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);
