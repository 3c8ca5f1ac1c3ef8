-- SKUs whose line may have to be served: read once by a new owner, who does not know where the last one stopped.
-- $1 partition
select sku from sku
where partition = $1 and (waitlisted > 0 or backordered > 0) and available > safety_stock order by sku
