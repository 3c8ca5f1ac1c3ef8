-- API keys. The key itself is nowhere: only its SHA-256, which nobody can turn back into 160 random bits.
-- A revoked key stays as a row: it tells that this installation asks for credentials, and when the key ended.
create table api_key (
    created_at timestamptz not null default clock_timestamp(),
    revoked_at timestamptz,
    -- The middle part of the key: what people and logs call it.
    id text collate "C" primary key,
    name text not null,
    -- Separated by blanks, as OAuth writes scopes.
    scopes text not null,
    digest bytea not null,
    constraint api_key_id_form check (id ~ '^[a-z2-7]{8}$'),
    constraint api_key_digest_length check (octet_length(digest) = 32),
    constraint api_key_digest_once unique (digest)
);
