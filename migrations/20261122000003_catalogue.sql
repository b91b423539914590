-- What there is in the world: the shared catalogue of chemicals.

create table chemicals (
    id uuid primary key,
    name text not null,
    cas text constraint chemicals_cas_key unique,
    ec text,
    inchikey text,
    formula text,
    -- g/mol
    molar_mass numeric,
    -- g/mL at 20 Cel
    density numeric,
    synonyms text[] not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index chemicals_inchikey_idx on chemicals (inchikey) where inchikey is not null;
create index chemicals_name_idx on chemicals (lower(name) collate "C", id);

-- Everything a chemical can be found by (name, synonyms, CAS, EC, formula, InChIKey), in lower case.
-- The B-tree answers "starts with" at the same cost in any catalogue; the trigrams forgive a typo.
create table chemical_terms (
    chemical_id uuid not null references chemicals on delete cascade,
    term text collate "C" not null,
    constraint chemical_terms_pkey primary key (chemical_id, term)
);
create index chemical_terms_term_idx on chemical_terms (term, chemical_id);
create index chemical_terms_trgm_idx on chemical_terms using gin (term gin_trgm_ops);
