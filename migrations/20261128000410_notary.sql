-- The notary gives each line of a lab its position and its hash (src/journal/notary).

-- Almost all old lines have none.
create index stock_events_xid_idx on stock_events (xid) where xid is not null;

-- The lines of each lab in the order in which they became visible, without a gap.
create table journal_chain (
    -- The nil UUID where a line belongs to no lab.
    lab_id uuid not null,
    -- From 1.
    position bigint not null,
    -- Whether the line is one of stock_events, or else of journal.
    in_ledger boolean not null,
    line_id uuid not null,
    -- SHA-256 of the hash before, 32 zero bytes at first, and of the line in its canonical form.
    hash bytea not null,
    constraint journal_chain_pkey primary key (lab_id, position),
    constraint journal_chain_line_key unique (lab_id, line_id, in_ledger),
    constraint journal_chain_hash_check check (length(hash) = 32)
);
create trigger journal_chain_append_only before update or delete or truncate on journal_chain
    for each statement execute function journal_is_append_only();

-- How far the notary has come: its one row says of which transactions all lines have their position.
create table journal_notary (
    is_only boolean not null default true constraint journal_notary_pkey primary key,
    -- Goes up with every step. Of two notaries that take the same step, the second finds another version.
    version bigint not null default 0,
    -- Of which server the numbers of transactions are; another one counts anew.
    generation text not null default '',
    -- A snapshot: done are the transactions below, but those that were in progress.
    below bigint not null default 0,
    in_progress bigint[] not null default '{}',
    -- Where the walk over all lines stands; null when it has ended.
    walked_lab uuid,
    walked_id uuid,
    constraint journal_notary_is_only_check check (is_only),
    constraint journal_notary_walked_check check ((walked_lab is null) = (walked_id is null))
);
insert into journal_notary default values;

-- The heads that were told to the log, one a day for a lab with new lines: up to the position every line is older.
create table journal_heads (
    lab_id uuid not null,
    position bigint not null,
    hash bytea not null,
    told_at timestamptz not null,
    constraint journal_heads_pkey primary key (lab_id, position)
);
create trigger journal_heads_append_only before update or delete or truncate on journal_heads
    for each statement execute function journal_is_append_only();

create function utc_text(at timestamptz) returns text language sql stable return
    to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- All lines. `line` has what is hashed: every column but xid, which a dump and a restore make meaningless. Numerics are
-- texts, times RFC 3339 with microseconds, bytes hexadecimal digits. A column that is added here is to be null in old
-- lines: the canonical form leaves nulls out.
create view journal_lines as
select lab_id, false as in_ledger, id, xid, 0 as seq, kind, subject, changes, by_user, by_system, by_for, session_id,
    request_id, at,
    json_build_object(
        'at', utc_text(at), 'by_for', by_for, 'by_system', by_system, 'by_user', by_user, 'changes', changes, 'id', id,
        'kind', kind, 'lab_id', lab_id, 'request_id', request_id, 'session_id', session_id, 'subject', subject
    )::text as line
from journal
union all
select lab_id, true, id, xid, seq, 'container.' || type, container_id,
    case when state_before is null or delta <> 0
        then jsonb_build_object('amount', jsonb_build_array(
            case when state_before is not null then trim_scale(amount_after - delta)::text end, amount_after::text))
        else '{}' end
    || case when state_before is distinct from state_after
        then jsonb_build_object('state', jsonb_build_array(state_before, state_after)) else '{}' end
    || case when location_before is distinct from location_after
        then jsonb_build_object('location_id', jsonb_build_array(location_before, location_after)) else '{}' end
    || coalesce(changes, '{}'),
    by_user, by_system, by_for, session_id, request_id, recorded_at,
    json_build_object(
        'amount_after', amount_after::text, 'by_for', by_for, 'by_system', by_system, 'by_user', by_user,
        'changes', changes, 'container_id', container_id, 'content', encode(content, 'hex'),
        'counted_with', counted_with, 'delta', delta::text, 'id', id, 'lab_id', lab_id,
        'location_after', location_after, 'location_before', location_before, 'occurred_at', utc_text(occurred_at),
        'reason', reason, 'recorded_at', utc_text(recorded_at), 'request_id', request_id, 'reverses', reverses,
        'seq', seq, 'session_id', session_id, 'state_after', state_after, 'state_before', state_before, 'type', type,
        'typed_unit', typed_unit, 'typed_value', typed_value::text
    )::text
from stock_events;
