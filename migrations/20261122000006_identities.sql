-- Who came by another identity provider, under the name that it gives them. Never by an e-mail address: it says who may
-- be written to, not who somebody is.
create table identities (
    issuer text not null,
    subject text not null,
    user_id uuid not null references users,
    created_at timestamptz not null,
    constraint identities_pkey primary key (issuer, subject)
);
create index identities_user_id_idx on identities (user_id);

comment on table consumed_challenges is
    'What was good for one login: a challenge by its id, an ID token of a provider by a keyed hash in the form of a UUID.';
