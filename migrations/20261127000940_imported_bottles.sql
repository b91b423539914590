-- The code under which an import brought the bottle, as it stands in the list. It stays when the bottle gets another.
alter table containers add column imported_as text;
update containers c set imported_as = c.code from stock_events e
where e.container_id = c.id and e.seq = 1 and e.by_system = 'import';
create index containers_imported_idx on containers (lab_id, imported_as) where imported_as is not null;
