-- What could not be decided. The same message again only counts up.
-- $1 partition, then one array a column
insert into dead_letter (partition, reason, detail, type, token, sku, exchange, routing_key, properties, headers,
    body, digest)
select $1, d.reason, d.detail, d.type, d.token, d.sku, d.exchange, d.routing_key, d.properties::json,
    d.headers::json, d.body,
    sha256(convert_to(d.exchange || chr(10) || d.routing_key || chr(10) || d.properties, 'UTF8') || d.body)
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::bytea[])
    as d (reason, detail, type, token, sku, exchange, routing_key, properties, headers, body)
on conflict on constraint dead_letter_once
do update set last_seen_at = clock_timestamp(), seen = dead_letter.seen + 1, reason = excluded.reason,
    detail = excluded.detail
