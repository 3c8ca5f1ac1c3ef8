-- The cursor of the messages; it never goes back.
-- $1 partition, $2 forwarded
update partition set forwarded = greatest(forwarded, $2) where partition = $1
