-- A row of a list that a number tells is known by its name, too: another list may have it without the number. Rows that came
-- in before this are known by their number alone.
-- The first 16 bytes of the SHA-256 of the name, where `mark` is that of a number.
alter table imported_chemicals add column named bytea;
create index imported_chemicals_named_idx on imported_chemicals (named) where named is not null;
