-- Who sees a place, and who takes from it what is in it: those who have its key. The index has the few places that are
-- not open.
alter table locations add column access text not null default 'open';
create index locations_access_idx on locations (lab_id, id) where access <> 'open';

create table location_keys (
    lab_id uuid not null,
    location_id uuid not null,
    users uuid[] not null,
    -- A role stands for those above it, too.
    roles text[] not null,
    version integer not null,
    updated_at timestamptz not null,
    updated_by uuid not null references users,
    constraint location_keys_pkey primary key (lab_id, location_id),
    constraint location_keys_location_fkey foreign key (lab_id, location_id) references locations (lab_id, id)
);
