-- The bottles of a place in the order in which they expire, for a page of those in a building.
create index containers_place_expiry_idx on containers (lab_id, location_id, is_gone, expires_on, id)
    include (state, is_low) where expires_on is not null;
