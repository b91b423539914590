-- The newest bottles of a supplier's article that are not gone, for a scan of its barcode.
drop index containers_gtin_idx;
create index containers_gtin_idx on containers (lab_id, gtin, is_gone, id) where gtin is not null;
