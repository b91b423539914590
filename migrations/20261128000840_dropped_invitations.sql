-- An invitation that expired long ago is named by the journal: its row stays, without what it says of a person.
alter table invitations add column dropped_at timestamptz;
-- The sweep looks at those that are kept alone.
create index invitations_kept_idx on invitations (expires_at) where dropped_at is null;
drop index invitations_expires_at_idx;
