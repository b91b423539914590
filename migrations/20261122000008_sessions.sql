-- Where a session was last used, and how else it may end.

-- Of the client, without its last bits: a /24, or a /64 of IPv6.
alter table sessions add column last_address text;

alter table sessions drop constraint sessions_ended_because_check,
    add constraint sessions_ended_because_check check (ended_because in
        ('logout', 'ended_by_user', 'ended_by_admin', 'phone_changed', 'refresh_reuse', 'expired'));

alter table login_events drop constraint login_events_kind_check,
    add constraint login_events_kind_check check (kind in ('code_requested', 'code_guessed', 'logged_in',
        'refresh_reused', 'session_ended', 'sending_stopped', 'phone_locked', 'phone_unlocked', 'phone_changed',
        'account_disabled', 'account_enabled'));
