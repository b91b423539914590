-- Memberships end and stay readable, an invitation counts each person once, and owners give the right to the catalogue.

alter table memberships add column left_at timestamptz;
drop index memberships_user_id_idx;
create index memberships_user_id_idx on memberships (user_id) where left_at is null;

alter table users
    -- Edits the catalogue that all labs share: given by an owner.
    add column is_cataloguer boolean not null default false,
    -- The person has deleted the account: the row stays for the history that names its id.
    add column deleted_at timestamptz,
    add constraint users_deleted_check check
        (deleted_at is null or disabled_at is not null and phone is null and email is null and name = '');

-- `is_cataloguer` as the person has it: also as an owner, and as a manager where there is one lab.
create or replace view profiles as
select u.id, u.phone, u.name, u.is_owner, u.disabled_at, u.version,
    coalesce((
        select json_agg(json_build_object('id', l.id, 'name', l.name, 'role', m.role) order by l.name)
        from memberships m join labs l on l.id = m.lab_id
        where m.user_id = u.id and m.left_at is null
    ), '[]') as labs,
    u.language, u.email,
    u.is_owner or u.is_cataloguer or exists (
        select from memberships m
        where m.user_id = u.id and m.left_at is null and m.role in ('manager', 'admin')
            and not exists (select from labs l where l.id <> m.lab_id)
    ) as is_cataloguer
from users u;

-- Who has come by which invitation.
create table invitation_uses (
    invitation_id uuid not null constraint invitation_uses_invitation_fkey references invitations on delete cascade,
    user_id uuid not null constraint invitation_uses_user_fkey references users,
    used_at timestamptz not null,
    constraint invitation_uses_pkey primary key (invitation_id, user_id)
);
create index invitation_uses_user_id_idx on invitation_uses (user_id);
-- One for a phone can only have been used by whoever has that phone. For others nobody has kept who it was.
insert into invitation_uses (invitation_id, user_id, used_at)
select i.id, u.id, i.created_at from invitations i join users u on u.phone = i.phone where i.uses > 0;
-- A phone takes one use.
update invitations set uses = 1 where phone is not null and uses > 1;

create index invitations_expires_at_idx on invitations (expires_at);
create index invitations_created_by_idx on invitations (created_by);
-- An invitation ends with the rights of whoever made it.
update invitations i set revoked_at = now(), version = version + 1
where revoked_at is null and not exists (
    select from memberships m join users u on u.id = m.user_id
    where m.lab_id = i.lab_id and m.user_id = i.created_by and m.role = 'admin' and u.disabled_at is null
);

-- Which kinds there are stands in the code: a list here would have to be dropped whole for each new one.
alter table login_events drop constraint if exists login_events_kind_check;
-- Who deletes an account is also taken out of these.
create index login_events_user_id_idx on login_events (user_id) where user_id is not null;
