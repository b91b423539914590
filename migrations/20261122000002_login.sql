-- How one becomes somebody: sessions, their refresh tokens, and the second gate of one-time codes.

create table sessions (
    id uuid primary key,
    user_id uuid not null references users,
    device_name text not null default '',
    -- RFC 8176 authentication method references, e.g. {sms}.
    amr text[] not null,
    auth_time timestamptz not null,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_because text constraint sessions_ended_because_check
        check (ended_because in ('logout', 'ended_by_user', 'refresh_reuse', 'expired'))
);
create index sessions_live_idx on sessions (user_id, id) where ended_at is null;

-- One row for each token of a session's chain. A token that was used keeps its row, so that its return is noticed
-- (RFC 9700 section 4.14.2), with the salt from which its successor can be made again for ten seconds.
create table refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references sessions on delete cascade,
    expires_at timestamptz not null,
    used_at timestamptz,
    successor_salt bytea
);
create index refresh_tokens_session_id_idx on refresh_tokens (session_id);
create index refresh_tokens_expires_at_idx on refresh_tokens (expires_at);
-- A chain has one end: however many refreshes race, only one token of a session can still be used.
create unique index refresh_tokens_unused_key on refresh_tokens (session_id) where used_at is null;

-- A challenge is consumed once, also when the challenge store forgets: NIST SP 800-63B-4 section 3.1.3.2.
create table consumed_challenges (
    challenge_id uuid constraint consumed_challenges_pkey primary key,
    consumed_at timestamptz not null
);
create index consumed_challenges_consumed_at_idx on consumed_challenges (consumed_at);

-- The outbox: what is to be sent, until it is sent. Recipient and text are sealed (AES-256-GCM under SECRET_KEY).
create table messages (
    id uuid primary key,
    challenge_id uuid constraint messages_challenge_id_key unique,
    channel text not null constraint messages_channel_check check (channel in ('sms', 'whatsapp', 'email')),
    recipient bytea not null,
    body bytea not null,
    -- A request that must look like any other but reaches nobody.
    suppressed boolean not null default false,
    state text not null constraint messages_state_check
        check (state in ('queued', 'sent', 'delivered', 'failed')),
    provider text,
    attempts integer not null default 0,
    due_at timestamptz not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index messages_due_idx on messages (due_at) where state = 'queued';
create index messages_created_at_idx on messages (created_at);

-- Answers to POSTs that carried an Idempotency-Key; an answer is sealed under SECRET_KEY, as it may hold tokens.
create table idempotency_keys (
    id bytea primary key,
    fingerprint bytea not null,
    -- Millisecond start of the first try: ids made for a repeat after a crash come out the same.
    started_at timestamptz not null,
    locked_until timestamptz not null,
    answer bytea
);
create index idempotency_keys_started_at_idx on idempotency_keys (started_at);
