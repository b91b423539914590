-- Which texts an enumeration has stands in the code, which looks up each that it reads: a list here would have to be
-- dropped whole for each new one, and be checked for each row again.

alter table memberships drop constraint memberships_role_check;
alter table invitations drop constraint invitations_role_check;
alter table sessions drop constraint sessions_ended_because_check;
alter table messages
    drop constraint messages_channel_check,
    drop constraint messages_state_check,
    drop constraint messages_kind_check;
alter table message_attempts
    drop constraint message_attempts_channel_check,
    drop constraint message_attempts_state_check,
    drop constraint message_attempts_failure_check;
alter table locations drop constraint locations_kind_check;
alter table containers drop constraint containers_state_check;
