-- What defends the login: failures that no restart forgets, what codes cost, and what happened.

-- Wrong codes in a row. A new code does not reset them, only the right one does (NIST SP 800-63B-4 section 3.2.2).
create table login_failures (
    -- The keyed hash of a phone, or of a phone and a device that has logged in with it.
    bucket bytea constraint login_failures_pkey primary key,
    in_a_row integer not null constraint login_failures_in_a_row_check check (in_a_row > 0),
    last_at timestamptz not null,
    -- Until then nobody logs in from this bucket; a lock is so long a wait that it never ends by itself.
    blocked_until timestamptz not null
);
create index login_failures_last_at_idx on login_failures (last_at) where in_a_row < 5;

-- Whose code it is, so that a guess can be refused before it is compared.
alter table messages add column bucket bytea;

-- Codes sent and verified in an hour: of a block of numbers (`+1202555`), of a country (`US`), and of all (`*`). Each
-- count is spread over shards, as everybody adds to the last two.
create table code_tallies (
    scope text not null,
    hour timestamptz not null,
    shard smallint not null,
    sent integer not null default 0,
    verified integer not null default 0,
    -- What the sent ones cost, by SMS_PRICES.
    cost numeric(14, 6) not null default 0,
    constraint code_tallies_pkey primary key (scope, hour, shard)
);
create index code_tallies_hour_idx on code_tallies (hour);

-- What codes are not sent to at present: a block, a country, or (`hour budget`, `day budget`) anywhere. A row is made and
-- removed once for each time, so that each is told once.
create table code_stops (
    scope text constraint code_stops_pkey primary key,
    since timestamptz not null
);

-- The audit. No foreign keys: it outlives what it tells of.
create table login_events (
    id uuid constraint login_events_pkey primary key,
    at timestamptz not null,
    kind text not null,
    outcome text not null,
    phone_hash bytea,
    user_id uuid,
    session_id uuid,
    -- Of the client, without its last bits: a /24, or a /64 of IPv6.
    address text,
    -- One that has logged in with this phone before.
    device uuid,
    detail text,
    constraint login_events_kind_check check (kind in ('code_requested', 'code_guessed', 'logged_in', 'refresh_reused',
        'session_ended', 'sending_stopped', 'phone_locked', 'phone_unlocked'))
);
create index login_events_phone_hash_idx on login_events (phone_hash, id) where phone_hash is not null;
create index login_events_kind_idx on login_events (kind, id);
