-- What somebody did to others and to themselves, newest first: the audit asks for the two by one index each.
create index login_events_done_by_idx on login_events (done_by, id) where done_by is not null;
create index login_events_user_idx on login_events (user_id, id) where user_id is not null;
drop index login_events_user_id_idx;
