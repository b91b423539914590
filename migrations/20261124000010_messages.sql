-- Every try to send is written down before it is made, so that a crash between the two is seen, and a receipt finds it.

alter table messages
    add column kind text not null default 'login_code' constraint messages_kind_check
        check (kind in ('login_code', 'phone_change_code', 'email_code', 'phone_changed', 'test')),
    -- ISO 3166-1 alpha-2, or `no country`: where its cost and its fate are counted.
    add column country text not null default 'no country',
    -- Counted against the budgets when it was queued, and not yet by what a provider took for it.
    add column reserve numeric(14, 6) not null default 0;
-- Whether a newer code has made it void.
create index messages_bucket_idx on messages (bucket, kind, created_at) where bucket is not null;

create table message_attempts (
    id uuid constraint message_attempts_pkey primary key,
    -- In which they were begun; two may begin in one millisecond.
    seq bigint not null generated always as identity,
    message_id uuid not null constraint message_attempts_message_id_fkey references messages on delete cascade,
    provider text not null,
    channel text not null constraint message_attempts_channel_check check (channel in ('sms', 'whatsapp', 'email')),
    state text not null constraint message_attempts_state_check
        check (state in ('sending', 'accepted', 'delivered', 'failed', 'unknown')),
    failure text constraint message_attempts_failure_check check (failure in ('number_refused', 'consent_withdrawn',
        'blocked', 'misconfigured', 'try_later', 'unknown')),
    -- The provider's, of the failure.
    code text,
    -- The keyed hash of the provider's name for it: WhatsApp's has the phone in it.
    provider_key bytea,
    cost numeric(14, 6) not null default 0,
    started_at timestamptz not null,
    updated_at timestamptz not null
);
create index message_attempts_message_id_idx on message_attempts (message_id);
create index message_attempts_provider_key_idx on message_attempts (provider_key, provider) where provider_key is not null;

-- What became of them, by the hour in which they began.
create table message_tallies (
    hour timestamptz not null,
    country text not null,
    provider text not null,
    channel text not null,
    sent integer not null default 0,
    delivered integer not null default 0,
    -- The code came back.
    verified integer not null default 0,
    number_refused integer not null default 0,
    consent_withdrawn integer not null default 0,
    blocked integer not null default 0,
    misconfigured integer not null default 0,
    try_later integer not null default 0,
    unknown integer not null default 0,
    cost numeric(14, 6) not null default 0,
    constraint message_tallies_pkey primary key (hour, country, provider, channel)
);

-- Whether it is counted which provider's code it was that came back: done later, off the login.
alter table consumed_challenges add column tallied boolean not null default false;
create index consumed_challenges_untallied_idx on consumed_challenges (consumed_at) where not tallied;
