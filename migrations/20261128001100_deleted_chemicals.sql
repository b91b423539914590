-- A chemical that is deleted keeps its row, so that whatever names it stays readable. It has no terms and no words, so no
-- search finds it, and its CAS number is free for another.
--
-- This contracts: a server of the version before reads it by its id, and lists it by its name.

alter table chemicals add column deleted_at timestamptz;

-- What bottles refer to: null as soon as it is deleted. So the key of the bottles itself refuses to delete a chemical that
-- one of them has, and a new bottle of one that is deleted, whoever comes first.
alter table chemicals add column live_id uuid
    generated always as (case when deleted_at is null then id end) stored;
alter table chemicals add constraint chemicals_live_key unique (live_id);
alter table containers
    drop constraint containers_chemical_fkey,
    add constraint containers_chemical_fkey foreign key (chemical_id) references chemicals (live_id);

alter table chemicals drop constraint chemicals_cas_key;
create unique index chemicals_cas_key on chemicals (cas) where deleted_at is null;
drop index chemicals_inchikey_idx;
create index chemicals_inchikey_idx on chemicals (inchikey) where inchikey is not null and deleted_at is null;
drop index chemicals_name_idx;
create index chemicals_name_idx on chemicals (lower(name) collate "C", id) where deleted_at is null;
drop index chemicals_stale_terms_idx;
create index chemicals_stale_terms_idx on chemicals (id) where terms_version < 1 and deleted_at is null;
