-- One table of codes for the bottles and places of a lab. Codes that differ in case, spaces and hyphens alone are one,
-- and so are the spellings of a code of ours with look-alikes (O for 0, I and L for 1).
--
-- This contracts: a server of the version before makes bottles without a row here.

-- Eight characters of Crockford base 32 and a check character (Luhn modulo 32), spelled as our labels spell it; null
-- for any other text.
create function own_code(text text) returns text language plpgsql immutable strict parallel safe as $$
declare
    spelled constant text := translate(text, 'OIL', '011');
    total integer := 0;
    value integer;
begin
    if length(spelled) <> 9 then
        return null;
    end if;
    for place in 1..9 loop
        value := position(substr(spelled, place, 1) in '0123456789ABCDEFGHJKMNPQRSTVWXYZ') - 1;
        if value < 0 then
            return null;
        end if;
        total := total + case when place % 2 = 0 then value * 2 / 32 + value * 2 % 32 else value end;
    end loop;
    return case when total % 32 = 0 then spelled end;
end $$;

-- The form in which codes are compared. The same function is `canonical_code` in `crates/chemistry`. Only letters of
-- ASCII have a case here: what a letter's capital is would depend on the locale of the server.
create function canonical_code(code text) returns text language sql immutable strict parallel safe as $$
    select coalesce(case when bare ~ '[OIL]' and length(bare) = 9 then own_code(bare) end, nullif(bare, ''), code)
    from (select upper(translate(code, ' -' || U&'\00A0\202F\2010\2011\2012\2013\2014\2212', '') collate "C") as bare) c
$$;

create table codes (
    lab_id uuid not null,
    canonical text collate "C" not null,
    -- Empty, but for codes from the time when each spelling was a code: of several that are one now, one has an empty
    -- spelling, and each other one is found exactly as it is printed.
    spelling text collate "C" not null default '',
    -- As it is printed.
    code text not null,
    -- What has it. No foreign keys: the row is written with the bottle or the place, and these are never deleted.
    container_id uuid,
    location_id uuid,
    constraint codes_pkey primary key (lab_id, canonical, spelling),
    constraint codes_thing_check check (num_nonnulls(container_id, location_id) = 1)
);

insert into codes (lab_id, canonical, spelling, code, container_id, location_id)
select lab_id, canonical, case when n = 1 then '' else code end, code, container_id, location_id
from (
    select *, row_number() over (
        partition by lab_id, canonical order by code <> canonical, location_id is not null, created_at, code
    ) as n
    from (
        select lab_id, canonical_code(code) as canonical, code, id as container_id, null::uuid as location_id,
            created_at
        from containers where state <> 'voided'
        union all
        select lab_id, canonical_code(code), code, null, id, created_at from locations where closed_at is null
    ) things
) numbered;

drop trigger containers_code_insert on containers;
drop trigger containers_code_update on containers;
drop trigger locations_code_insert on locations;
drop trigger locations_code_update on locations;
drop function code_of_container_is_no_locations();
drop function code_of_location_is_no_containers();
drop index containers_code_key;
drop index locations_code_key;
drop index containers_alike_idx;
drop index locations_alike_idx;

-- A new bottle brings its row of codes by its own statement: a trigger for each would make that statement a quarter
-- dearer. All that is rare is done here.
create function location_has_code() returns trigger language plpgsql as $$
begin
    insert into codes (lab_id, canonical, code, location_id)
    values (new.lab_id, canonical_code(new.code), new.code, new.id);
    return null;
end $$;
create function thing_has_other_code() returns trigger language plpgsql as $$
begin
    update codes set canonical = canonical_code(new.code), spelling = '', code = new.code
    where lab_id = old.lab_id and canonical = canonical_code(old.code) and code = old.code
        and coalesce(container_id, location_id) = old.id;
    return null;
end $$;
create function thing_frees_codes() returns trigger language plpgsql as $$
begin
    delete from codes
    where lab_id = old.lab_id and canonical = canonical_code(old.code) and coalesce(container_id, location_id) = old.id;
    return null;
end $$;
create trigger containers_code_update after update of code on containers
    for each row when (old.code <> new.code) execute function thing_has_other_code();
create trigger containers_voided after update of state on containers
    for each row when (old.state <> 'voided' and new.state = 'voided') execute function thing_frees_codes();
create trigger locations_code_insert after insert on locations
    for each row execute function location_has_code();
create trigger locations_code_update after update of code on locations
    for each row when (old.code <> new.code) execute function thing_has_other_code();
create trigger locations_closed after update of closed_at on locations
    for each row when (old.closed_at is null and new.closed_at is not null) execute function thing_frees_codes();

-- Of old spellings that are left, one takes the place of the code that went, so that nobody else gets it.
create function spelling_takes_place() returns trigger language plpgsql as $$
begin
    update codes set spelling = ''
    where (lab_id, canonical, spelling) = (
        select lab_id, canonical, spelling from codes
        where lab_id = old.lab_id and canonical = old.canonical order by spelling limit 1
    ) and spelling <> '';
    return null;
end $$;
create trigger codes_delete after delete on codes
    for each row when (old.spelling = '') execute function spelling_takes_place();
create trigger codes_update after update of canonical on codes
    for each row when (old.spelling = '' and old.canonical <> new.canonical) execute function spelling_takes_place();
