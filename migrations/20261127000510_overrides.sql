-- What a lab sees differently in the catalogue that all labs share: it counts with its own density and molar mass, and
-- calls a chemical by its own name.

-- Overrides that were taken away stay as a row without values, so that a version never comes a second time.
create table chemical_overrides (
    lab_id uuid not null constraint chemical_overrides_lab_fkey references labs on delete cascade,
    chemical_id uuid not null constraint chemical_overrides_chemical_fkey references chemicals on delete cascade,
    name text,
    -- g/mL at 20 Cel
    density numeric,
    -- g/mol
    molar_mass numeric,
    -- What the name is found by, folded (src/chemicals/fold.rs).
    terms text[] collate "C" not null default '{}',
    version integer not null,
    updated_at timestamptz not null,
    updated_by uuid not null constraint chemical_overrides_user_fkey references users,
    constraint chemical_overrides_pkey primary key (lab_id, chemical_id)
);
create index chemical_overrides_chemical_fkey_idx on chemical_overrides (chemical_id);

-- Those to which the lab has given a name that may be what is searched for, in the ranks of chemicals_of_lab: 2 the name,
-- 4 its beginning, 6 all words. A lab names few, and all of its names are read.
create function chemicals_named_by_lab(lab uuid, exact text[], key text, words text[])
returns table (chemical_id uuid, rank int) language sql stable as $$
    select o.chemical_id, min(case when t.term = any (exact) then 2 when starts_with(t.term, key) then 4 else 6 end)
    from chemical_overrides o cross join unnest(o.terms) t (term)
    where o.lab_id = lab and (t.term = any (exact) or starts_with(t.term, key) or cardinality(words) > 0
        and not exists (select from unnest(words) w (word) where position(w.word in t.term) = 0))
    group by o.chemical_id
$$;
