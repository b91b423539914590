-- Whoever leaves a lab has no key to its places any more, also when they come back. The use case writes the lines of it
-- in the journal (src/people/labs/members.rs).
create function keys_end_with_membership() returns trigger language plpgsql as $$
begin
    update location_keys
    set users = array_remove(users, new.user_id), version = version + 1, updated_at = new.left_at
    where lab_id = new.lab_id and new.user_id = any (users);
    return null;
end $$;
create trigger memberships_keys after update of left_at on memberships
    for each row when (old.left_at is null and new.left_at is not null)
    execute function keys_end_with_membership();

-- Of those who have left before.
update location_keys k
set users = array(
        select u from unnest(k.users) with ordinality as t (u, n)
        where exists (select from memberships m where m.lab_id = k.lab_id and m.user_id = u and m.left_at is null)
        order by n
    ),
    version = k.version + 1
where exists (
    select from unnest(k.users) u
    where not exists (select from memberships m where m.lab_id = k.lab_id and m.user_id = u and m.left_at is null)
);
