-- What an admin has decided for a lab. A row is never overwritten: at an instant that one holds which has the latest
-- `effective_from` of those that have come, and of two with the same one, the one that was set later. A row that has
-- not come yet may be withdrawn.
create table lab_policies (
    lab_id uuid not null references labs,
    name text not null,
    -- The order in which the lab's values of this policy were set.
    seq integer not null,
    value jsonb not null,
    effective_from timestamptz not null,
    set_by uuid not null references users,
    set_at timestamptz not null,
    withdrawn_at timestamptz,
    withdrawn_by uuid references users,
    constraint lab_policies_pkey primary key (lab_id, name, seq)
);

-- By name, those that were set and hold at an instant; for the others the code has a default.
create function policies_of_lab(lab uuid, at timestamptz) returns jsonb language sql stable as $$
    select coalesce(jsonb_object_agg(name, value), '{}') from (
        select distinct on (name) name, value from lab_policies
        where lab_id = lab and effective_from <= at and withdrawn_at is null
        order by name, effective_from desc, seq desc
    ) held
$$;
