-- Whether a member of the lab sees a place: no place around it, nor itself, is hidden from who has no key. The same rule makes
-- the standing of whoever calls (src/auth/store.rs).
create function sees_place(lab uuid, person uuid, place uuid) returns boolean language sql stable as $$
    with recursive up (id, parent_id, access) as (
        select id, parent_id, access from locations where lab_id = lab and id = place
        union all
        select l.id, l.parent_id, l.access from up join locations l on l.lab_id = lab and l.id = up.parent_id
    )
    select not exists (
        select from up
            join memberships m on m.lab_id = lab and m.user_id = person and m.left_at is null
            left join location_keys k on k.lab_id = lab and k.location_id = up.id
        where up.access = 'hidden' and m.role <> 'admin' and not coalesce(
            person = any (k.users) or k.roles && case m.role
                when 'manager' then '{viewer,member,manager}' when 'member' then '{viewer,member}' else '{viewer}'
            end::text[], false)
    )
$$;
