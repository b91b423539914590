-- One name space of codes for the bottles and places of a lab, and the article numbers of bottles.

-- Which article of a supplier it is: a lot means something only together with it.
alter table containers add column gtin text;
create index containers_gtin_idx on containers (lab_id, gtin, id) where gtin is not null;

-- Codes of nine characters that were typed in another way than our labels print them: small letters, hyphens, look-alikes.
-- Of codes that we make none is in these.
create index containers_alike_idx on containers (lab_id, translate(upper(code), 'OIL-', '011'))
    where code <> translate(upper(code), 'OIL-', '011') and length(translate(upper(code), 'OIL-', '011')) = 9;
create index locations_alike_idx on locations (lab_id, translate(upper(code), 'OIL-', '011'))
    where code <> translate(upper(code), 'OIL-', '011') and length(translate(upper(code), 'OIL-', '011')) = 9;

-- Places that shared their code with a bottle have a new one: their labels have to be printed again.
create table renamed_codes (
    location_id uuid primary key references locations on delete cascade,
    old_code text not null,
    new_code text not null
);

do $$
declare
    alphabet constant text := '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    place record;
    made text;
    value integer;
    total integer;
begin
    for place in select l.id, l.lab_id, l.code from locations l
        join containers c on c.lab_id = l.lab_id and c.code = l.code and c.state <> 'voided' loop
        loop
            made := '';
            total := 0;
            for at in 1..8 loop
                value := floor(random() * 32)::integer;
                made := made || substr(alphabet, value + 1, 1);
                total := total + case when at % 2 = 0 then value * 2 / 32 + value * 2 % 32 else value end;
            end loop;
            made := made || substr(alphabet, (32 - total % 32) % 32 + 1, 1);
            exit when not exists (select from locations where lab_id = place.lab_id and code = made)
                and not exists (select from containers where lab_id = place.lab_id and code = made);
        end loop;
        update locations set code = made, version = version + 1, updated_at = now() where id = place.id;
        insert into renamed_codes values (place.id, place.code, made);
    end loop;
end $$;

-- No index spans two tables, so two that come at once with one code wait for each other on a lock of that code. What
-- the first has done is seen then, as each statement of the function takes a snapshot of its own.
create function code_of_container_is_no_locations() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(new.code, hashtextextended(new.lab_id::text, 0)));
    if exists (select from locations where lab_id = new.lab_id and code = new.code) then
        raise exception 'a location of the lab has this code'
            using errcode = 'unique_violation', constraint = 'containers_code_of_location';
    end if;
    return new;
end $$;
create function code_of_location_is_no_containers() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(new.code, hashtextextended(new.lab_id::text, 0)));
    if exists (select from containers where lab_id = new.lab_id and code = new.code and state <> 'voided') then
        raise exception 'a container of the lab has this code'
            using errcode = 'unique_violation', constraint = 'locations_code_of_container';
    end if;
    return new;
end $$;

create trigger containers_code_insert before insert on containers
    for each row execute function code_of_container_is_no_locations();
create trigger containers_code_update before update of code on containers
    for each row when (old.code <> new.code) execute function code_of_container_is_no_locations();
create trigger locations_code_insert before insert on locations
    for each row execute function code_of_location_is_no_containers();
create trigger locations_code_update before update of code on locations
    for each row when (old.code <> new.code) execute function code_of_location_is_no_containers();
