-- Who there is: people, labs, and what a person may do in a lab.

create extension if not exists pg_trgm;

create table users (
    id uuid primary key,
    -- E.164, canonical. Null for somebody who came by another identity provider.
    phone text constraint users_phone_key unique,
    name text not null default '',
    -- Runs the installation: creates labs. What one may do inside a lab is the membership's role.
    is_owner boolean not null default false,
    disabled_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table labs (
    id uuid primary key,
    name text not null constraint labs_name_key unique,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table memberships (
    lab_id uuid not null references labs,
    user_id uuid not null references users,
    role text not null constraint memberships_role_check check (role in ('viewer', 'member', 'manager', 'admin')),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint memberships_pkey primary key (lab_id, user_id)
);
create index memberships_user_id_idx on memberships (user_id);

-- A person as the person sees it. A view, as logins and refreshes answer with it from their one statement.
create view profiles as
select u.id, u.phone, u.name, u.is_owner, u.disabled_at, u.version,
    coalesce((
        select json_agg(json_build_object('id', l.id, 'name', l.name, 'role', m.role) order by l.name)
        from memberships m join labs l on l.id = m.lab_id
        where m.user_id = u.id
    ), '[]') as labs
from users u;

create table invitations (
    id uuid primary key,
    lab_id uuid not null references labs,
    -- SHA-256 of the code: 128 random bits need no slow hash.
    code_hash bytea not null constraint invitations_code_hash_key unique,
    role text not null constraint invitations_role_check check (role in ('viewer', 'member', 'manager', 'admin')),
    -- An invitation for one phone admits that phone alone.
    phone text,
    max_uses integer not null constraint invitations_max_uses_check check (max_uses between 1 and 1000),
    uses integer not null default 0,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_by uuid not null references users,
    version integer not null default 1,
    created_at timestamptz not null,
    constraint invitations_uses_check check (uses between 0 and max_uses)
);
create index invitations_lab_id_idx on invitations (lab_id, id);
create index invitations_phone_idx on invitations (phone) where phone is not null;
