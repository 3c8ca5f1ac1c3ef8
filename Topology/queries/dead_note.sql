-- What was done without changing a letter.
-- $1 action, $2 who, $3 why
insert into dead_letter_history (action, who, why) values ($1, $2, $3)
