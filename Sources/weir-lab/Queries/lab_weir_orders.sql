-- The same of Weir's own tables.
select token, status::text from intent
