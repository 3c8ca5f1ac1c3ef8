-- What the server is and how this role's sessions are set up.
select current_setting('server_version_num')::integer, current_setting('server_version'),
    current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
    clock_timestamp(), current_user::text, current_database()::text
