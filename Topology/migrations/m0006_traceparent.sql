-- Where the command that caused an event belongs in its sender's trace (W3C Trace Context): kept, so that an event
-- that is published after a crash still says it. NULL, which most are, takes no room.
alter table event add column traceparent text;
