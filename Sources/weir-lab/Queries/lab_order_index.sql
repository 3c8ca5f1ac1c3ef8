-- The naive shop finds orders by their token, and leaves it at that.
create index on lab_order (token);
