-- Everything that the transaction reads is of the moment of its first query.
set transaction isolation level repeatable read
