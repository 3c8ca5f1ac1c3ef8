create temp table lab_history (partition smallint, sku text, number bigint, intents integer);
set work_mem = '64MB';
