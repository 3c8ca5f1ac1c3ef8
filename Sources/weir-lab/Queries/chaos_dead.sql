-- The bodies of dead letters, and the tokens that they name.
select convert_from(body, 'UTF8'), coalesce(token, '') from dead_letter
