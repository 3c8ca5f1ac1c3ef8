-- The tables of Weir. Columns stand in order of their alignment, wide ones first and text last, so that no row
-- carries padding. Every text that names something sorts by its bytes (collation "C"): the order that the
-- worker inserts in, the order that the audit reads in, and the cheapest to compare.

-- What this database is: chosen at the first migration and compared by every process at its start.
create table installation (
    singleton boolean primary key default true constraint installation_is_one_row check (singleton),
    partitions smallint not null constraint installation_partitions_range check (partitions between 1 and 64),
    -- The cluster and its WAL timeline. Another one means a failover or a restore, whose log may have lost its
    -- end: workers stop until a person accepts it.
    system_identifier bigint not null,
    timeline integer not null,
    created_at timestamptz not null default now()
);

-- One row a partition; `head` is the proof of who may write it.
create table partition (
    head bigint not null default 0 constraint partition_head_range check (head >= 0),
    published bigint not null default 0,
    partition smallint primary key,
    constraint partition_published_range check (published between 0 and head)
) with (fillfactor = 10);

-- Room on every page keeps the updates of a hot SKU heap-only. Never index a column that counts stock.
create table sku (
    stocked bigint not null,
    available bigint not null,
    held bigint not null,
    sold bigint not null,
    version bigint not null,
    hold_seconds integer not null,
    max_per_intent integer,
    partition smallint not null,
    sku text collate "C" primary key,
    constraint sku_never_oversold check (stocked = available + held + sold and available >= 0),
    constraint sku_counts_not_negative check (held >= 0 and sold >= 0),
    constraint sku_hold_seconds_range check (hold_seconds >= 0),
    constraint sku_max_per_intent_range check (max_per_intent >= 1)
) with (fillfactor = 40);

create type intent_status as enum (
    'reserved', 'confirmed', 'cancelled', 'expired', 'rejected', 'waitlisted', 'backordered'
);

create type rejection_reason as enum (
    'sold_out', 'unknown_sku', 'quantity_limit', 'buyer_limit', 'not_on_sale', 'order_incomplete', 'discarded'
);

-- One row a token, for ever: the payload never changes, the status does.
create table intent (
    decided_at timestamptz not null,
    hold_until timestamptz,
    quantity integer not null,
    status intent_status not null,
    reason rejection_reason,
    partition smallint not null,
    token text collate "C" primary key,
    sku text collate "C" not null,
    buyer text collate "C" not null,
    constraint intent_quantity_range check (quantity >= 1),
    constraint intent_hold_has_deadline check ((status = 'reserved') = (hold_until is not null)),
    constraint intent_rejection_has_reason check ((status = 'rejected') = (reason is not null))
) with (fillfactor = 90);

-- The holds that may come due, and nothing else: an intent that is not reserved costs this index nothing.
create index intent_hold on intent (partition, hold_until, token) where status = 'reserved';

-- The result of every command that has an id of its own: a known id repeats it.
create table command (
    decided_at timestamptz not null,
    partition smallint not null,
    id text collate "C" primary key,
    payload text collate "C" not null,
    result text not null
);

create type event_type as enum (
    'weir.intent.reserved.v1', 'weir.intent.confirmed.v1', 'weir.intent.cancelled.v1',
    'weir.intent.expired.v1', 'weir.intent.rejected.v1', 'weir.intent.waitlisted.v1',
    'weir.intent.backordered.v1', 'weir.intent.shortfall.v1', 'weir.token.conflict.v1',
    'weir.command.answered.v1', 'weir.sku.defined.v1', 'weir.sku.adjusted.v1'
);

-- The log: journal, outbox and audit trail at once. `body` holds the very bytes that are published.
create table event (
    seq bigint not null,
    at timestamptz not null,
    type event_type not null,
    partition smallint not null,
    sku text collate "C" not null,
    token text collate "C",
    -- Where the answer goes, for the sender who waits: kept so that it goes there after a crash too.
    reply_to text,
    correlation_id text,
    body text not null,
    constraint event_pkey primary key (partition, seq)
);

-- What could not be decided, with the reason and all that arrived.
create table dead_letter (
    id bigint generated always as identity primary key,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    seen integer not null default 1,
    partition smallint not null,
    reason text not null,
    detail text not null,
    type text,
    token text collate "C",
    sku text collate "C",
    exchange text not null,
    routing_key text not null,
    properties json not null,
    headers json not null,
    body bytea not null,
    -- Of all that arrived, so that a message that comes back finds its row.
    digest bytea not null,
    constraint dead_letter_once unique (digest)
);

create index dead_letter_token on dead_letter (token) where token is not null;

-- Deliveries under suspicion of killing their worker: written before they are decided, gone afterwards.
create table suspect (
    seen_at timestamptz not null default clock_timestamp(),
    partition smallint not null,
    times integer not null,
    digest bytea not null,
    constraint suspect_pkey primary key (partition, digest)
);

-- Moves a partition's head from the value its owner knows. An UPDATE of no row is no error, and a pipelined
-- COMMIT would go through: so this raises, and the transaction fails by itself.
create function move_head(which smallint, head_before bigint, head_after bigint, published_after bigint)
returns void language plpgsql as $$
begin
    -- The cursor never goes back, also not when a frozen owner wakes up under an unmoved head.
    update partition set head = head_after, published = greatest(published, published_after)
    where partition = which and head = head_before;
    if not found then
        raise exception using errcode = 'WR001',
            message = format('the head of partition %s is not %s: somebody else owns it', which, head_before);
    end if;
end
$$;

-- Raises unless a statement changed as many rows as its writer expected.
create function require_rows(changed bigint, expected integer, what text)
returns void language plpgsql as $$
begin
    if changed <> expected then
        raise exception using errcode = 'WR002',
            message = format('%s of %s rows of table %s were as they had been read', changed, expected, what);
    end if;
end
$$;
