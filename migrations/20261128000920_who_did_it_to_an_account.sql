-- Login events of what an owner did to somebody name both in columns; before, the owner stood in the detail alone.
alter table login_events add column done_by uuid;

update login_events set done_by = substring(detail from 'by ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$')::uuid
where kind in ('account_disabled', 'account_enabled', 'right_given', 'right_taken', 'admin_appointed', 'session_ended')
    and detail like '%by ________-%';

-- A stop over the beginning of numbers may name a whole phone.
update login_events set detail = left(detail, 5) || '…'
where kind = 'sending_stopped' and outcome in ('set', 'lifted') and detail like '+_____%';
