-- An event says everything that it changed, what it counted with and who answers for it.

-- IANA name: occurred_at falls on a day of the lab.
alter table labs add column time_zone text not null default 'UTC';

alter table containers
    drop constraint containers_state_check,
    add constraint containers_state_check check (state in
        ('in_stock', 'opened', 'on_loan', 'quarantined', 'lost', 'waste_pending', 'empty', 'disposed', 'voided')),
    -- It was opened before it came; without an opened_on nobody knows the day.
    add column came_opened boolean not null default false,
    drop constraint containers_code_key;
-- A bottle that should never have been gives its code back. A change of state is no heap-only update as it is.
create unique index containers_code_key on containers (lab_id, code) where state <> 'voided';

alter table stock_events
    alter column by_user drop not null,
    -- A machine, and the person it worked for, where one is known.
    add column by_system text,
    add column by_for uuid references users,
    -- Beside amount, state and place: {field: [before, after]}. Null when nothing else changed.
    add column changes jsonb,
    -- The density or molar mass that an amount was converted with, and whose it was.
    add column counted_with jsonb,
    -- The first 16 bytes of the SHA-256 of what was posted: tells a repeat from another event under the same id.
    add column content bytea,
    add constraint stock_events_by_check check ((by_user is null) = (by_system is not null));

alter table stock_events disable trigger stock_events_append_only;

-- What old lines did not say is worked out from those before them, in the order of the ledger.
do $$
declare
    bottle record;
    line record;
    opened date;
    holder uuid;
    what jsonb;
begin
    for bottle in select * from containers loop
        opened := null;
        holder := null;
        for line in select * from stock_events where container_id = bottle.id order by seq loop
            what := '{}';
            if line.seq = 1 then
                if line.state_after = 'opened' then
                    update containers set came_opened = true where id = bottle.id;
                    opened := bottle.opened_on;
                end if;
                select coalesce(jsonb_object_agg(key, jsonb_build_array(null, value)), '{}') into what
                from jsonb_each(jsonb_strip_nulls(jsonb_build_object('opened_on', opened, 'tare', bottle.tare::text,
                    'density', bottle.density::text, 'received_on', bottle.received_on, 'expires_on', bottle.expires_on)));
            elsif line.type in ('open', 'withdraw') and opened is null then
                opened := (line.recorded_at at time zone 'UTC')::date;
                what := jsonb_build_object('opened_on', jsonb_build_array(null, opened));
            elsif line.type = 'reverse' and line.state_after = 'in_stock' and line.state_before <> 'in_stock'
                and opened is not null then
                what := jsonb_build_object('opened_on', jsonb_build_array(opened, null));
                opened := null;
            end if;
            if line.state_after = 'on_loan' and line.state_before is distinct from 'on_loan' and line.type = 'check_out' then
                what := what || jsonb_build_object('holder_id', jsonb_build_array(holder, line.by_user));
                holder := line.by_user;
            elsif line.state_after <> 'on_loan' and holder is not null then
                what := what || jsonb_build_object('holder_id', jsonb_build_array(holder, null));
                holder := null;
            end if;
            if what <> '{}' then
                update stock_events set changes = what where id = line.id;
            end if;
        end loop;
    end loop;
end $$;

-- Opened on a day that nobody wrote down.
update containers set came_opened = true where state = 'opened' and opened_on is null and not came_opened;

-- People see no zeros that mean nothing.
update containers set amount = trim_scale(amount), initial_amount = trim_scale(initial_amount),
    low_at = trim_scale(low_at), tare = trim_scale(tare);
update stock_events set delta = trim_scale(delta), amount_after = trim_scale(amount_after)
where scale(delta) > 0 or scale(amount_after) > 0;

alter table stock_events enable trigger stock_events_append_only;
