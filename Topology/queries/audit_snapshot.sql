-- The whole audit looks at one moment, and disturbs nobody.
begin isolation level repeatable read, read only;
