-- Letters from a file; what is here already stays as it is.
-- One array a column: $1 partition, $2 reason, $3 fault, $4 detail, $5 type, $6 token, $7 sku, $8 exchange,
-- $9 routing key, $10 properties, $11 headers, $12 body, $13 first seen, $14 last seen; $15 who, $16 why
with imported as (
    insert into dead_letter (partition, reason, fault, detail, type, token, sku, exchange, routing_key, properties,
        headers, body, first_seen_at, last_seen_at, digest)
    select nullif(d.partition, -1), d.reason, d.fault, d.detail, d.type, d.token, d.sku, d.exchange, d.routing_key,
        d.properties::json, d.headers::json, d.body, d.first_seen_at, d.last_seen_at,
        sha256(convert_to(d.exchange || chr(10) || d.routing_key || chr(10) || d.properties, 'UTF8') || d.body)
    from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[], $12::bytea[], $13::timestamptz[], $14::timestamptz[])
        as d (partition, reason, fault, detail, type, token, sku, exchange, routing_key, properties, headers, body,
            first_seen_at, last_seen_at)
    on conflict on constraint dead_letter_once do nothing
    returning id
)
insert into dead_letter_history (letter, action, who, why)
select i.id, 'imported', $15, $16 from imported i returning letter
