-- Lists that people upload, and the last run of each. The bytes lie beside them, so that any instance can run one.
create table imports (
    lab_id uuid not null constraint imports_lab_fkey references labs,
    id uuid not null,
    name text not null,
    -- What the list is called, of which this file may have corrections.
    list text not null,
    size bigint not null,
    sha256 bytea not null,
    -- Of the header and the first rows.
    columns jsonb not null,
    sample jsonb not null,
    missing jsonb not null,
    warnings jsonb not null,
    created_by uuid not null constraint imports_created_by_fkey references users,
    created_at timestamptz not null,
    used_at timestamptz not null,
    -- Of the last run; a job that is not this one has been superseded.
    job_id uuid,
    is_dry_run boolean not null default false,
    options jsonb not null,
    -- What the run has committed so far, so that a try after a kill can tell it from what was there before.
    done jsonb,
    outcome jsonb,
    version integer not null default 1,
    constraint imports_pkey primary key (lab_id, id)
);
create index imports_list_idx on imports (lab_id, created_by, list);
create index imports_used_at_idx on imports (used_at);

create table import_contents (
    lab_id uuid not null,
    import_id uuid not null,
    -- The list itself, or the rows that its last run refused.
    kind text not null,
    content bytea not null,
    constraint import_contents_pkey primary key (lab_id, import_id, kind),
    constraint import_contents_import_fkey foreign key (lab_id, import_id) references imports on delete cascade
);
-- Parts of it are read alone.
alter table import_contents alter column content set storage external;

-- What imports write beside a list: made codes and corrections. A file is its parts in the order of the bytes at which
-- they begin; each batch of an import adds one.
create table import_files (
    lab_id uuid not null constraint import_files_lab_fkey references labs,
    user_id uuid not null constraint import_files_user_fkey references users,
    list text not null,
    name text not null,
    at bigint not null,
    content bytea not null,
    used_at timestamptz not null,
    constraint import_files_pkey primary key (lab_id, user_id, list, name, at)
);
create index import_files_used_at_idx on import_files (used_at);
