-- What could not be decided. The same message again only counts up, within a batch too: one statement may not
-- touch a row twice. In order of arrival. A replay that came back has its row already (commit_return_dead_letters).
-- One array a column: $1 partition, $2 reason, $3 fault, $4 detail, $5 type, $6 token, $7 sku, $8 exchange,
-- $9 routing key, $10 properties, $11 headers, $12 body, $13 key of a replay
with arrived as (
    select d.*,
        sha256(convert_to(d.exchange || chr(10) || d.routing_key || chr(10) || d.properties, 'UTF8') || d.body)
            as digest
    from unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::text[], $12::bytea[], $13::text[])
        with ordinality
        as d (partition, reason, fault, detail, type, token, sku, exchange, routing_key, properties, headers, body,
            key, place)
    where d.key is null or not exists (select from dead_letter_history h where h.key = d.key)
), first as (
    select distinct on (a.digest) a.*, count(*) over (partition by a.digest) as seen
    from arrived a order by a.digest, a.place
)
insert into dead_letter (seen, partition, reason, fault, detail, type, token, sku, exchange, routing_key, properties,
    headers, body, digest)
select f.seen, nullif(f.partition, -1), f.reason, f.fault, f.detail, f.type, f.token, f.sku, f.exchange,
    f.routing_key, f.properties::json, f.headers::json, f.body, f.digest
from first f order by f.place
on conflict on constraint dead_letter_once
do update set last_seen_at = clock_timestamp(), seen = dead_letter.seen + excluded.seen, state = 'open',
    reason = excluded.reason, fault = excluded.fault, detail = excluded.detail
