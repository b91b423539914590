-- What there is in a lab: places, bottles, and the ledger of every change.

create table locations (
    id uuid primary key,
    lab_id uuid not null references labs,
    parent_id uuid,
    kind text not null constraint locations_kind_check
        check (kind in ('building', 'room', 'cabinet', 'shelf', 'box')),
    name text not null,
    code text not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint locations_lab_id_id_key unique (lab_id, id),
    constraint locations_code_key unique (lab_id, code),
    -- A parent is of the same lab.
    constraint locations_parent_fkey foreign key (lab_id, parent_id) references locations (lab_id, id),
    constraint locations_own_parent_check check (parent_id <> id)
);
-- No two siblings of one name; the coalesce makes the roots siblings (nulls would all differ, and 14 has no "nulls not distinct").
create unique index locations_name_key on locations
    (lab_id, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'), lower(name));
create index locations_parent_idx on locations (lab_id, parent_id, id);
create index locations_prefix_idx on locations (lab_id, lower(name) collate "C", id);

-- The names from the root down to a location; none for null, so that `location_path(lab_id, parent_id) || name` is the
-- path of any location, also of one that the same statement moves.
create function location_path(lab uuid, location uuid) returns text[] language sql stable as $$
    with recursive up as (
        select parent_id, name, 1 as distance from locations where lab_id = lab and id = location
        union all
        select l.parent_id, l.name, up.distance + 1 from up join locations l on l.lab_id = lab and l.id = up.parent_id
    )
    select coalesce(array_agg(name order by distance desc), '{}') from up
$$;

create table containers (
    id uuid primary key,
    lab_id uuid not null references labs,
    chemical_id uuid not null constraint containers_chemical_fkey references chemicals,
    location_id uuid,
    code text not null,
    state text not null constraint containers_state_check check (state in
        ('in_stock', 'opened', 'on_loan', 'quarantined', 'lost', 'waste_pending', 'empty', 'disposed')),
    -- UCUM. Numbers keep the decimals that were typed: numeric without a scale.
    unit text not null,
    amount numeric not null constraint containers_amount_check check (amount >= 0 and amount < 1e12),
    initial_amount numeric not null,
    -- The amount, in the bottle's unit, at which it counts as low.
    low_at numeric,
    is_low boolean not null generated always as
        (low_at is not null and amount <= low_at and state in ('in_stock', 'opened', 'on_loan')) stored,
    -- Grams of the bottle with its lid, for weighing.
    tare numeric,
    -- g/mL of what is in this bottle, where it differs from the chemical's.
    density numeric,
    lot text,
    supplier text,
    catalogue_number text,
    note text,
    received_on date,
    opened_on date,
    expires_on date,
    -- Who has it, while on loan.
    holder_id uuid references users,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint containers_code_key unique (lab_id, code),
    constraint containers_location_fkey foreign key (lab_id, location_id) references locations (lab_id, id)
) with (fillfactor = 85);
-- A withdrawal changes amount, version and updated_at. None of them stands in an index, so that it stays a heap-only
-- update (HOT): never index them, nor name them in a predicate.
create index containers_lab_idx on containers (lab_id, id);
create index containers_location_idx on containers (lab_id, location_id, id);
create index containers_chemical_idx on containers (lab_id, chemical_id, id);
create index containers_chemical_fkey_idx on containers (chemical_id);
create index containers_state_idx on containers (lab_id, state, id);
create index containers_expiry_idx on containers (lab_id, expires_on, id) where expires_on is not null;
create index containers_low_idx on containers (lab_id, id) where is_low;
create index containers_lot_idx on containers (lab_id, lot, id) where lot is not null;
create index containers_trgm_idx on containers using gin ((lower(code || ' ' || coalesce(lot, ''))) gin_trgm_ops);

create table stock_events (
    id uuid primary key,
    lab_id uuid not null,
    container_id uuid not null constraint stock_events_container_fkey references containers,
    -- The container's version after the event: the ledger's order, and a second guard against a lost update.
    seq integer not null,
    type text not null,
    -- In the container's unit. The sum of the deltas is the amount in the bottle, always.
    delta numeric not null,
    amount_after numeric not null,
    -- As it was typed.
    typed_value numeric,
    typed_unit text,
    state_before text,
    state_after text not null,
    location_before uuid,
    location_after uuid,
    reverses uuid constraint stock_events_reverses_key unique references stock_events,
    reason text,
    by_user uuid not null references users,
    -- What the phone's clock said, for an event that waited offline.
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    constraint stock_events_seq_key unique (container_id, seq)
);

create function stock_events_are_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'stock_events is append-only: undo a booking by an event of type reverse';
end $$;
create trigger stock_events_append_only before update or delete or truncate on stock_events
    for each statement execute function stock_events_are_append_only();
