-- The keys of what belongs to a lab begin with the lab: an id is unique within its lab, and a row refers to rows of its
-- own lab. So no lab learns which ids another one has, and the tables can be divided by lab among several servers.
--
-- This contracts: a server of the version before finds rows by an id alone, for which no index is left.

alter table stock_events
    drop constraint stock_events_container_fkey,
    drop constraint stock_events_reverses_fkey,
    drop constraint stock_events_reverses_key,
    drop constraint stock_events_seq_key,
    drop constraint stock_events_pkey;
alter table containers
    drop constraint containers_location_fkey,
    drop constraint containers_pkey;
alter table renamed_codes
    drop constraint renamed_codes_location_id_fkey,
    drop constraint renamed_codes_pkey,
    add column lab_id uuid;
update renamed_codes r set lab_id = l.lab_id from locations l where l.id = r.location_id;
alter table locations
    drop constraint locations_parent_fkey,
    drop constraint locations_lab_id_id_key,
    drop constraint locations_pkey;
-- Postgres checks the indexes of a row in the order in which they were made, and whoever sends something again is to
-- hear that its id is taken, not its name or its code: so these are made anew, after the primary keys.
drop index locations_code_key;
drop index locations_name_key;
drop index containers_code_key;

alter table locations add constraint locations_pkey primary key (lab_id, id);
alter table locations
    add constraint locations_parent_fkey foreign key (lab_id, parent_id) references locations (lab_id, id);
alter table renamed_codes
    add constraint renamed_codes_pkey primary key (lab_id, location_id),
    add constraint renamed_codes_location_fkey foreign key (lab_id, location_id) references locations (lab_id, id)
        on delete cascade;
alter table containers
    add constraint containers_pkey primary key (lab_id, id),
    add constraint containers_location_fkey foreign key (lab_id, location_id) references locations (lab_id, id);
alter table stock_events
    add constraint stock_events_pkey primary key (lab_id, id),
    add constraint stock_events_seq_key unique (lab_id, container_id, seq);
create unique index locations_code_key on locations (lab_id, code) where closed_at is null;
create unique index locations_name_key on locations
    (lab_id, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'), lower(name)) where closed_at is null;
create unique index containers_code_key on containers (lab_id, code) where state <> 'voided';
-- Of the few events that reverse another: all others cost this index nothing.
create unique index stock_events_reverses_key on stock_events (lab_id, reverses) where reverses is not null;
alter table stock_events
    add constraint stock_events_container_fkey foreign key (lab_id, container_id) references containers (lab_id, id),
    add constraint stock_events_reverses_fkey foreign key (lab_id, reverses) references stock_events (lab_id, id);
