-- What lists brought into the catalogue, and what people took away since, so that the same list later leaves it alone.

-- Rows of lists that are in the catalogue. It refers to no chemical by a key: a row stays when its chemical is deleted.
create table imported_chemicals (
    -- The first 16 bytes of the SHA-256 of all that the row says.
    content bytea primary key,
    -- The same of what tells the row from others: its CAS number, else its InChIKey, else its name.
    mark bytea not null,
    chemical_id uuid not null
);
create index imported_chemicals_mark_idx on imported_chemicals (mark);

-- What a person took away from a chemical: names, and the names of fields. An import does not bring it again.
alter table chemicals add column removed text[] not null default '{}';
