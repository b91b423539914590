-- A place that is given up is closed, never deleted, so that the ledger's places keep their names.

alter table locations add column closed_at timestamptz;

-- A closed place frees its name and its code.
alter table locations drop constraint locations_code_key;
create unique index locations_code_key on locations (lab_id, code) where closed_at is null;
drop index locations_name_key;
create unique index locations_name_key on locations
    (lab_id, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'), lower(name)) where closed_at is null;

create or replace function code_of_container_is_no_locations() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(new.code, hashtextextended(new.lab_id::text, 0)));
    if exists (select from locations where lab_id = new.lab_id and code = new.code and closed_at is null) then
        raise exception 'a location of the lab has this code'
            using errcode = 'unique_violation', constraint = 'containers_code_of_location';
    end if;
    return new;
end $$;

-- To the foreign keys a closed place is as good as any. Who closes it locks its row and then looks what is in it: whoever
-- puts something in waits here, and sees the row as it is afterwards.
create function container_is_in_open_location() returns trigger language plpgsql as $$
begin
    perform from locations where lab_id = new.lab_id and id = new.location_id and closed_at is null for key share;
    if not found then
        raise exception 'the location is closed'
            using errcode = 'foreign_key_violation', constraint = 'containers_location_fkey';
    end if;
    return null;
end $$;
create function location_is_in_open_location() returns trigger language plpgsql as $$
begin
    perform from locations where lab_id = new.lab_id and id = new.parent_id and closed_at is null for key share;
    if not found then
        raise exception 'the location is closed'
            using errcode = 'foreign_key_violation', constraint = 'locations_parent_fkey';
    end if;
    return null;
end $$;

create trigger containers_location_insert after insert on containers
    for each row when (new.location_id is not null) execute function container_is_in_open_location();
-- What was disposed of in a place does not keep it open, and may come back.
create trigger containers_location_update after update of location_id, state on containers
    for each row when (new.location_id is not null and (old.location_id is distinct from new.location_id
        or old.state = 'disposed' and new.state <> 'disposed'))
    execute function container_is_in_open_location();
create trigger locations_parent_insert after insert on locations
    for each row when (new.parent_id is not null) execute function location_is_in_open_location();
create trigger locations_parent_update after update of parent_id on locations
    for each row when (new.parent_id is not null and old.parent_id is distinct from new.parent_id)
    execute function location_is_in_open_location();
