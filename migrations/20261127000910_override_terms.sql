-- Which fold has made the terms of a lab's own name (src/chemicals/fold.rs), as chemicals.terms_version says it of theirs.
-- The server writes anew what an older one has made.
alter table chemical_overrides add column terms_version smallint not null default 0;
create index chemical_overrides_stale_terms_idx on chemical_overrides (lab_id, chemical_id) where terms_version < 1;
