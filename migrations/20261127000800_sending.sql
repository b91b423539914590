-- Pumping shows in the codes that strangers asked for and a provider took: what known people asked for, and what failed,
-- says nothing of it, and one phone that asks again and again is no pump.
alter table messages
    -- The block of numbers in which it counts; null if somebody known asked for it.
    add column block text,
    -- 1: counted as a code that was sent. 2: as the first one in a day to its phone, too.
    add column counted smallint not null default 0;
comment on column messages.reserve is
    'Held in the budgets for this message, beside what its attempts cost. Given back if nobody takes it.';

alter table code_tallies
    add column phones integer not null default 0,
    -- The part of `cost` that strangers' codes have.
    add column strangers_cost numeric(14, 6) not null default 0;
comment on column code_tallies.sent is 'Codes that strangers asked for and a provider took.';
comment on column code_tallies.phones is 'How many phones those went to, each counted once in a day.';
-- The figures so far were of everybody and everything. They stop nobody any more; what was spent stays.
update code_tallies set sent = 0, verified = 0;
delete from code_stops where scope not like '%budget%';

alter table code_stops
    -- By an owner, or by `chemstock stops`; else it came by itself and goes by itself.
    add column is_set boolean not null default false,
    add column set_by uuid constraint code_stops_set_by_fkey references users,
    add column until timestamptz;

-- Which budgets this price would exceed. Whoever asks next waits until whoever asked before has written down what was
-- spent, so that no two take the last of a budget. What strangers spent counts up to `shares` only, if that is not null; a
-- limit of null bounds nothing.
create function exceeded_budgets(
    price numeric, names text[], scopes text[], starts timestamptz[], limits numeric[], shares numeric[]
) returns text[] language plpgsql volatile as $$
begin
    if cardinality(names) = 0 then
        return '{}';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('chemstock budgets', 0));
    return array(
        select b.name
        from unnest(names, scopes, starts, limits, shares) with ordinality b (name, scope, start, most, share, place)
        cross join lateral (
            select coalesce(sum(t.cost), 0) as cost, coalesce(sum(t.strangers_cost), 0) as strangers_cost
            from code_tallies t where t.scope = b.scope and t.hour >= b.start
        ) spent
        where price + spent.cost - coalesce(greatest(spent.strangers_cost - b.share, 0), 0) > b.most
        order by b.place
    );
end $$;

-- Never tried: no provider was to be had, or it was too late.
alter table message_tallies add column untried integer not null default 0;
