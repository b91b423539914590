-- Work that no request waits for. Which kinds and states there are stands in the code.
create table jobs (
    id uuid constraint jobs_pkey primary key,
    lab_id uuid constraint jobs_lab_fkey references labs,
    kind text not null,
    -- Among the jobs of a kind that have not ended one has it.
    key text,
    payload jsonb not null,
    -- A job with a schedule does not end: after each run it waits for the next.
    schedule jsonb,
    state text not null,
    run_at timestamptz not null,
    attempts integer not null,
    max_attempts integer not null,
    -- Of the claim that holds it while it runs.
    lease_id uuid,
    lease_until timestamptz,
    cancel_requested boolean not null default false,
    done bigint not null default 0,
    total bigint,
    note text,
    result jsonb,
    last_error text,
    -- Counts what somebody who looks at it can see.
    version integer not null default 1,
    created_by uuid constraint jobs_created_by_fkey references users,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz
);
create unique index jobs_kind_key_idx on jobs (kind, key) where state in ('queued', 'running');
create index jobs_due_idx on jobs (kind, run_at) where state = 'queued';
create index jobs_lease_idx on jobs (kind, lease_until) where state = 'running';
create index jobs_state_idx on jobs (state, id);
create index jobs_finished_at_idx on jobs (finished_at) where finished_at is not null;
