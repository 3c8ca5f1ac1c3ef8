-- What a person needs who runs Weir: dead letters with their history, replays, and what a prune leaves behind.

create type dead_letter_state as enum ('open', 'replayed', 'discarded');

alter table dead_letter
    -- The broker may have dead-lettered what never was in a partition's queue.
    alter column partition drop not null,
    add column state dead_letter_state not null default 'open',
    -- How often the broker confirmed a replay of it, and how often one of those came back.
    add column replayed integer not null default 0,
    add column returned integer not null default 0,
    -- What it has in common with others that failed in the same way: the reason and the field concerned.
    add column fault text not null default '';

update dead_letter set fault = reason;

create index dead_letter_open on dead_letter (id) where state = 'open';

-- Runs of `replay`: where each stands, so that one that was stopped goes on from there.
create table replay (
    id bigint generated always as identity primary key,
    begun_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    -- The last letter that was looked at, and the last one that there was at the beginning.
    done_id bigint not null default 0,
    last_id bigint not null,
    total bigint not null,
    published bigint not null default 0,
    skipped bigint not null default 0,
    rate double precision,
    as_new boolean not null,
    dry_run boolean not null,
    stop_asked boolean not null default false,
    who text not null,
    why text not null,
    filter text not null,
    -- What became of the letters, or would: a JSON object of counts.
    findings text not null default '{}',
    trouble text
);

-- Everything that was done to dead letters: who, when, why.
create table dead_letter_history (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    -- Of a replay: when the broker confirmed it, and when it came back.
    confirmed_at timestamptz,
    returned_at timestamptz,
    -- Null for an action that is not about one letter, such as an export.
    letter bigint constraint dead_letter_history_letter references dead_letter (id) on delete cascade,
    replay bigint,
    -- Whether a discard asked the worker to decide the intent: then nothing is left to restore.
    decides boolean not null default false,
    action text not null,
    who text not null,
    why text not null,
    -- Travels with a replayed message in a header: by this it is recognized when it comes back.
    key text collate "C" constraint dead_letter_history_key unique,
    -- What an edit replaced.
    type_before text,
    body_before bytea
);

create index dead_letter_history_by_letter on dead_letter_history (letter, id);
create index dead_letter_history_by_replay on dead_letter_history (replay) where replay is not null;

-- The letters that a filter names; what is null does not matter.
create function dead_letters(
    ids bigint[], state text, partition integer, reason text, fault text, type text, token text, sku text,
    since timestamptz, until timestamptz, words text
) returns setof dead_letter language sql stable as $$
    select d.* from dead_letter d
    where ($1 is null or d.id = any ($1)) and ($2 is null or d.state = $2::dead_letter_state)
        and ($3 is null or d.partition = $3) and ($4 is null or d.reason = $4) and ($5 is null or d.fault = $5)
        and ($6 is null or d.type = $6) and ($7 is null or d.token = $7) and ($8 is null or d.sku = $8)
        and ($9 is null or d.last_seen_at >= $9) and ($10 is null or d.last_seen_at < $10)
        and ($11 is null or position(convert_to($11, 'UTF8') in d.body) > 0 or position($11 in d.detail) > 0)
$$;

-- What `weir prune` leaves behind: how everything stood at an event, from where the rest of the log goes on.
create table checkpoint (
    -- Events up to this one are gone.
    seq bigint not null default 0,
    -- Tokens that were decided before this moment may be forgotten.
    horizon timestamptz not null,
    partition smallint primary key
);

create table checkpoint_sku (
    -- Units of confirmed intents that were pruned: the SKU's row counts them for ever.
    pruned_sold bigint not null default 0,
    partition smallint not null,
    sku text collate "C" primary key,
    -- The image after the SKU's last event up to the checkpoint, as events carry it.
    image text not null
);

create table checkpoint_intent (
    partition smallint not null,
    token text collate "C" primary key,
    -- The image after the intent's last event up to the checkpoint; intents that were pruned have none.
    image text not null
);
