-- The SKUs of a partition that the checkpoint knows.
-- $1 the partition
select sku from checkpoint_sku where partition = $1
