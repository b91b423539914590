-- Sessions whose time is over, and those that ended long ago, are found without reading all. Neither index has a column that a
-- refresh changes.
create index sessions_expires_at_idx on sessions (expires_at) where ended_at is null;
create index sessions_ended_at_idx on sessions (ended_at) where ended_at is not null;

comment on column refresh_tokens.successor_salt is
    'From which the successor is made once more, until that has been used.';
