-- Of three old spellings of one code, two may be freed by two transactions at once. The one that looks for a spelling to
-- take the place waits for the other first, and so does not choose one that is about to go.
create or replace function spelling_takes_place() returns trigger language plpgsql as $$
begin
    perform from codes where lab_id = old.lab_id and canonical = old.canonical order by spelling for update;
    -- A statement of its own sees what is left now.
    update codes set spelling = ''
    where (lab_id, canonical, spelling) = (
        select lab_id, canonical, spelling from codes
        where lab_id = old.lab_id and canonical = old.canonical order by spelling limit 1
    ) and spelling <> '';
    return null;
end $$;
