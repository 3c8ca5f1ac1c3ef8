-- $1 tokens of orders, $2 those that are sold go if they were confirmed before this moment, or null
select status, orders, lines from forget_orders($1, $2)
