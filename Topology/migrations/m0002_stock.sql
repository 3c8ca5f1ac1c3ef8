-- Stock as shops know it: limits, lines, late payments, returns. New columns have defaults that say what was true
-- before, so that no row is rewritten; rows of the first step go on as they are.

alter type event_type add value 'weir.intent.extended.v1';
alter type event_type add value 'weir.intent.returned.v1';
alter type event_type add value 'weir.sku.low_stock.v1';
alter type event_type add value 'weir.sku.sold_out.v1';
alter type event_type add value 'weir.sku.back_in_stock.v1';
alter type rejection_reason add value 'not_replaceable';

create type shortage_rule as enum ('reject', 'waitlist', 'backorder');

alter table sku
    add column waitlisted bigint not null default 0,
    add column backordered bigint not null default 0,
    add column last_place bigint not null default 0,
    add column max_per_buyer bigint,
    add column safety_stock bigint not null default 0,
    add column low_stock_at bigint,
    add column waitlist_limit bigint,
    add column backorder_limit bigint,
    add column on_sale_from timestamptz,
    add column on_sale_until timestamptz,
    add column available_from timestamptz,
    add column max_hold_seconds integer,
    add column on_shortage shortage_rule not null default 'reject',
    -- From the first max_per_buyer on, for ever.
    add column counts_buyers boolean not null default false,
    add constraint sku_line_not_negative check (waitlisted >= 0 and backordered >= 0 and last_place >= 0),
    add constraint sku_max_per_buyer_range check (max_per_buyer >= 1),
    add constraint sku_max_per_buyer_is_counted check (max_per_buyer is null or counts_buyers),
    add constraint sku_safety_stock_range check (safety_stock >= 0),
    add constraint sku_low_stock_at_range check (low_stock_at >= 0),
    add constraint sku_waitlist_limit_range check (waitlist_limit >= 0),
    add constraint sku_backorder_limit_range check (backorder_limit >= 0),
    add constraint sku_backorder_is_limited check (on_shortage <> 'backorder' or backorder_limit is not null),
    add constraint sku_sale_ends_after_it_begins check (on_sale_until > on_sale_from),
    add constraint sku_max_hold_seconds_range check (max_hold_seconds >= hold_seconds);

alter table intent
    -- The place in line, by SKU; kept when its turn has come.
    add column place bigint,
    add column granted_at timestamptz,
    add column available_from timestamptz,
    add column returned integer not null default 0,
    add column on_shortage shortage_rule,
    add column replaces text collate "C",
    add constraint intent_returned_range check (returned between 0 and quantity - 1),
    add constraint intent_returned_was_sold check (returned = 0 or status in ('confirmed', 'cancelled')),
    add constraint intent_in_line_has_place check (
        status not in ('waitlisted', 'backordered') or place is not null and granted_at is null),
    add constraint intent_place_range check (place >= 1);

-- Who stands in line, and nothing else: an intent that never does costs this index nothing.
create index intent_line on intent (sku, status, place) where status in ('waitlisted', 'backordered');

-- What each buyer has of a SKU that counts it: the units of intents that are reserved, confirmed or in line.
create table buyer_total (
    units bigint not null,
    sku text collate "C" not null,
    buyer text collate "C" not null,
    constraint buyer_total_pkey primary key (sku, buyer),
    constraint buyer_total_not_negative check (units >= 0)
) with (fillfactor = 80);
