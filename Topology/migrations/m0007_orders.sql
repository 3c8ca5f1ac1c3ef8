-- Orders: several SKUs under one token, all or nothing, across partitions.

create type order_status as enum (
    'reserving', 'reserved', 'confirmed', 'cancelled', 'expired', 'rejected', 'reclaiming'
);

alter type event_type add value 'weir.order.reserving.v1';
alter type event_type add value 'weir.order.reserved.v1';
alter type event_type add value 'weir.order.confirmed.v1';
alter type event_type add value 'weir.order.cancelled.v1';
alter type event_type add value 'weir.order.expired.v1';
alter type event_type add value 'weir.order.rejected.v1';
alter type event_type add value 'weir.order.reclaiming.v1';
alter type event_type add value 'weir.order.shortfall.v1';
alter type event_type add value 'weir.order.part.v1';
alter type event_type add value 'weir.order.inquired.v1';
alter type event_type add value 'weir.order.told.v1';

-- One row an order, written by the partition that coordinates it: its status is the decision, its lines follow.
-- The plural, because the singular is a word of SQL's.
create table orders (
    version bigint not null,
    -- The participants that have not answered this version yet, a bit for each.
    awaited bigint not null,
    changed_at timestamptz not null,
    due_at timestamptz,
    hold_until timestamptz,
    decided_at timestamptz,
    hold_seconds integer not null,
    max_hold_seconds integer not null,
    status order_status not null,
    reason rejection_reason,
    partition smallint not null,
    token text collate "C" primary key,
    buyer text collate "C" not null,
    lines text not null,
    -- Who waits for the outcome, while there is none.
    reply_to text,
    correlation_id text,
    confirm_id text collate "C",
    constraint orders_hold_has_deadline check ((status = 'reserved') = (hold_until is not null)),
    constraint orders_rejection_has_reason check ((status = 'rejected') = (reason is not null)),
    -- Nothing stays unfinished for ever.
    constraint orders_unfinished_is_due check (
        due_at is not null or (status not in ('reserving', 'reserved', 'reclaiming') and awaited = 0)
    )
) with (fillfactor = 70);

create index orders_due on orders (partition, due_at, token) where due_at is not null;

-- What a participant keeps of an order beside its lines, which are intents. While it holds one of them it has a guard:
-- the moment at which it asks the coordinator.
create table order_part (
    version bigint not null,
    guard_at timestamptz,
    asked smallint not null,
    coordinator smallint not null,
    partition smallint not null,
    order_token text collate "C" not null,
    constraint order_part_pkey primary key (order_token, partition)
) with (fillfactor = 70);

create index order_part_due on order_part (partition, guard_at, order_token) where guard_at is not null;

-- Which events of the log are messages, and for which partitions, a bit for each.
create table event_address (
    seq bigint not null,
    partitions bigint not null,
    partition smallint not null,
    constraint event_address_pkey primary key (partition, seq)
);

-- Every message up to this event was confirmed by the broker.
alter table partition add column forwarded bigint not null default 0
    constraint partition_forwarded_range check (forwarded between 0 and head);

-- A line of an order, `<order>/<n>`, has no clock of its own.
alter table intent drop constraint intent_hold_has_deadline;
alter table intent add constraint intent_hold_has_deadline check (
    (status = 'reserved' and strpos(token, '/') = 0) = (hold_until is not null)
);
