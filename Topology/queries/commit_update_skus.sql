-- Known SKUs that changed; each must still have the version that was read, so that a change made by hand
-- is noticed and never overwritten.
-- $1 how many, then one array a column; $9 is the version before
with changed as (
    update sku set stocked = s.stocked, available = s.available, held = s.held, sold = s.sold,
        version = s.version, hold_seconds = s.hold_seconds, max_per_intent = s.max_per_intent
    from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[],
        $8::integer[], $9::bigint[], $10::text[])
        as s (stocked, available, held, sold, version, hold_seconds, max_per_intent, version_before, sku)
    where sku.sku = s.sku and sku.version = s.version_before
    returning 1
)
select require_rows((select count(*) from changed), $1, 'sku')
