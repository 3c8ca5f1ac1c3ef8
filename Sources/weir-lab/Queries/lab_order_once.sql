-- A token has one order at most; what every shop but the naive one says.
alter table lab_order add primary key (token);
