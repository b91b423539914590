-- The journal: one line for each change that a user can see, written in the transaction of the change. Events of the
-- ledger (stock_events) are lines already and are not written twice.
create table journal (
    -- The nil UUID where a change belongs to no lab.
    lab_id uuid not null,
    id uuid not null,
    -- The transaction that wrote the line: the notary reads by it what has become visible. Not xid8, for which neither
    -- sqlx nor BRIN has support.
    xid bigint not null default pg_current_xact_id()::text::bigint,
    kind text not null,
    subject uuid not null,
    -- {field: [before, after]}, of the changed fields alone; personal values by field name only.
    changes jsonb not null,
    by_user uuid,
    by_system text,
    by_for uuid,
    session_id uuid,
    request_id text,
    at timestamptz not null,
    constraint journal_pkey primary key (lab_id, id),
    constraint journal_by_user_fkey foreign key (by_user) references users (id),
    constraint journal_by_for_fkey foreign key (by_for) references users (id),
    constraint journal_by_check check ((by_user is null) = (by_system is not null))
);
create index journal_xid_idx on journal (xid);
create index journal_subject_idx on journal (lab_id, subject, id);

create function journal_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only';
end $$;
create trigger journal_append_only before update or delete or truncate on journal
    for each statement execute function journal_is_append_only();

-- Null in lines from before: the notary takes those first. A default in a statement of its own writes no old row anew.
alter table stock_events add column xid bigint, add column session_id uuid, add column request_id text;
alter table stock_events alter column xid set default pg_current_xact_id()::text::bigint;
