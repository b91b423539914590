-- The phone of an invitation stands in clear only while the invitation can admit it. What stays is how it ends, by which the
-- admins of the lab know it again, and which says that the invitation was for one phone.
alter table invitations add column phone_ending text;
update invitations set phone_ending = right(phone, 2) where phone is not null;
update invitations set phone = null
where phone is not null and (uses > 0 or revoked_at is not null or expires_at <= now());
alter table invitations
    add constraint invitations_phone_ending_check check (phone is null or phone_ending is not null);
