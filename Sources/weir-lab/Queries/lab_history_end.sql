-- As a database is that has been there for a while.
vacuum analyze;
