-- Known SKUs whose counters moved; each must still have the version that was read, so that a change made by hand
-- is noticed and never overwritten.
-- $1 how many, then one array a column
with changed as (
    update sku set stocked = s.stocked, available = s.available, held = s.held, sold = s.sold,
        version = s.version, waitlisted = s.waitlisted, backordered = s.backordered, last_place = s.last_place
    from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::bigint[])
        as s (version_before, sku, stocked, available, held, sold, version, waitlisted, backordered, last_place)
    where sku.sku = s.sku and sku.version = s.version_before
    returning 1
)
select require_rows(c.rows, $1, 'sku') from (select count(*) as rows from changed) as c where c.rows <> $1
