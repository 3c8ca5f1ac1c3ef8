-- What could not be decided. The same message again only counts up, within a batch too: one statement may not
-- touch a row twice. In order of arrival.
-- $1 partition, then one array a column
with arrived as (
    select d.*,
        sha256(convert_to(d.exchange || chr(10) || d.routing_key || chr(10) || d.properties, 'UTF8') || d.body)
            as digest
    from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::bytea[])
        with ordinality
        as d (reason, detail, type, token, sku, exchange, routing_key, properties, headers, body, place)
), first as (
    select distinct on (a.digest) a.*, count(*) over (partition by a.digest) as seen
    from arrived a order by a.digest, a.place
)
insert into dead_letter (seen, partition, reason, detail, type, token, sku, exchange, routing_key, properties,
    headers, body, digest)
select f.seen, $1, f.reason, f.detail, f.type, f.token, f.sku, f.exchange, f.routing_key, f.properties::json,
    f.headers::json, f.body, f.digest
from first f order by f.place
on conflict on constraint dead_letter_once
do update set last_seen_at = clock_timestamp(), seen = dead_letter.seen + excluded.seen,
    reason = excluded.reason, detail = excluded.detail
