-- A mailbox of one's own, and the language of one's messages, as their owner sees and changes them.

create or replace view profiles as
select u.id, u.phone, u.name, u.is_owner, u.disabled_at, u.version,
    coalesce((
        select json_agg(json_build_object('id', l.id, 'name', l.name, 'role', m.role) order by l.name)
        from memberships m join labs l on l.id = m.lab_id
        where m.user_id = u.id
    ), '[]') as labs,
    u.language, u.email
from users u;

alter table sessions drop constraint sessions_ended_because_check,
    add constraint sessions_ended_because_check check (ended_because in ('logout', 'ended_by_user', 'ended_by_admin',
        'phone_changed', 'email_changed', 'refresh_reuse', 'expired'));

alter table login_events drop constraint login_events_kind_check,
    add constraint login_events_kind_check check (kind in ('code_requested', 'code_guessed', 'logged_in',
        'refresh_reused', 'session_ended', 'sending_stopped', 'phone_locked', 'phone_unlocked', 'phone_changed',
        'email_changed', 'account_disabled', 'account_enabled'));
