//! The SQL of invitations. Every use is counted by the row's own `update`, so that no two people take the last one. An
//! invitation is for one phone if it has a `phone_ending`; the phone itself is there only while it can be let in.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::Role,
    base::error::{OnConstraint, Reason, Result},
    people::labs::{Invitation, Member, store::members::members},
};

pub async fn page(
    db: &mut PgConnection,
    lab_id: Uuid,
    after: Uuid,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Invitation>> {
    let invitations = sqlx::query_as!(
        Invitation,
        r#"select id, lab_id, null as code, role as "role: Role",
            case when expires_at > $4 then coalesce(phone, '…' || phone_ending) else '…' || phone_ending end as phone,
            max_uses, uses, expires_at, revoked_at, created_by, version, created_at
        from invitations where lab_id = $1 and id > $2 order by id limit $3"#,
        lab_id,
        after,
        limit,
        now
    )
    .fetch_all(db)
    .await?;
    Ok(invitations)
}

pub async fn find(db: &mut PgConnection, lab_id: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<Option<Invitation>> {
    let invitation = sqlx::query_as!(
        Invitation,
        r#"select id, lab_id, null as code, role as "role: Role",
            case when expires_at > $3 then coalesce(phone, '…' || phone_ending) else '…' || phone_ending end as phone,
            max_uses, uses, expires_at, revoked_at, created_by, version, created_at
        from invitations where lab_id = $1 and id = $2"#,
        lab_id,
        id,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(invitation)
}

/// None is made by somebody who is no admin any more: a membership that changes at this moment is waited for.
pub async fn insert(db: &mut PgConnection, new: &Invitation, code_hash: &[u8]) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into invitations
            (id, lab_id, code_hash, role, phone, phone_ending, max_uses, expires_at, created_by, version, created_at)
        select $1, $2, $3, $4, $5, right($5, 2), $6, $7, $8, $9, $10 from memberships
        where lab_id = $2 and user_id = $8 and role = 'admin' and left_at is null for share",
        new.id,
        new.lab_id,
        code_hash,
        new.role.as_str(),
        new.phone,
        new.max_uses,
        new.expires_at,
        new.created_by,
        new.version,
        new.created_at
    )
    .execute(db)
    .await
    .on_constraint("invitations_pkey", || Reason::IdTaken.because("there is something with this id already"))?;
    Ok(inserted.rows_affected() > 0)
}

pub async fn revoke(
    db: &mut PgConnection,
    lab_id: Uuid,
    id: Uuid,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let revoked = sqlx::query!(
        "update invitations set revoked_at = coalesce(revoked_at, $4), phone = null, version = version + 1
        where lab_id = $1 and id = $2 and ($3::int is null or version = $3)",
        lab_id,
        id,
        version,
        now
    )
    .execute(db)
    .await?;
    Ok(revoked.rows_affected() > 0)
}

/// Those that would still admit somebody, of one lab or of all.
pub async fn revoke_made_by(
    db: &mut PgConnection,
    lab_id: Option<Uuid>,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    let revoked = sqlx::query!(
        "update invitations set revoked_at = $3, phone = null, version = version + 1
        where created_by = $2 and ($1::uuid is null or lab_id = $1) and revoked_at is null and expires_at > $3",
        lab_id,
        user_id,
        now
    );
    revoked.execute(db).await?;
    Ok(())
}

/// By which of the two an invitation is known.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    Id(Uuid),
    CodeHash(&'a [u8]),
}

impl<'a> Key<'a> {
    fn parts(self) -> (Option<Uuid>, Option<&'a [u8]>) {
        match self {
            Self::Id(id) => (Some(id), None),
            Self::CodeHash(hash) => (None, Some(hash)),
        }
    }
}

/// Holds the row of its lab until the transaction ends, so that nobody is let in and removed at the same moment.
pub async fn lock_lab(db: &mut PgConnection, key: Key<'_>) -> Result<()> {
    let (id, code_hash) = key.parts();
    let locked = sqlx::query!(
        "select l.id from invitations i join labs l on l.id = i.lab_id
        where i.id = $1 or i.code_hash = $2 for no key update of l",
        id,
        code_hash
    );
    locked.fetch_optional(db).await?;
    Ok(())
}

/// Takes a use and joins the lab: one for each person, none for a member, and none for somebody whose membership ended
/// after the invitation was made. One for a phone has let in whom it was for, and needs the phone no more. Who was a
/// member before goes on with the same row.
pub async fn redeem(db: &mut PgConnection, key: Key<'_>, user_id: Uuid, now: DateTime<Utc>) -> Result<Option<Member>> {
    let (id, code_hash) = key.parts();
    let joined = members!(
        "with taken as (
            update invitations i set uses = uses + 1, phone = null, version = version + 1
            where (id = $2 or code_hash = $3) and uses < max_uses and revoked_at is null and expires_at > $5
                and (phone_ending is null or phone = (select phone from users where id = $4))
                and not exists (select from memberships m where m.lab_id = i.lab_id and m.user_id = $4
                    and (m.left_at is null or m.left_at >= i.created_at))
                and not exists (select from invitation_uses u where u.invitation_id = i.id and u.user_id = $4)
            returning id, lab_id, role
        ), used as (
            insert into invitation_uses (invitation_id, user_id, used_at) select id, $4, $5 from taken
        ), m as (
            insert into memberships as m (lab_id, user_id, role, created_at, updated_at)
            select lab_id, $4, role, $5, $5 from taken
            on conflict on constraint memberships_pkey do update
                set role = excluded.role, left_at = null, version = m.version + 1, updated_at = excluded.updated_at
            returning m.*
        ) ";
        "from m join users u on u.id = m.user_id",
        false,
        id,
        code_hash,
        user_id,
        now
    );
    Ok(joined.fetch_optional(db).await?)
}

/// Whether the code is of a lab that the user belongs to.
pub async fn is_of_members_lab(db: &mut PgConnection, code_hash: &[u8], user_id: Uuid) -> Result<bool> {
    let member = sqlx::query_scalar!(
        r#"select exists (
            select from invitations i join memberships m on m.lab_id = i.lab_id and m.user_id = $2
            where i.code_hash = $1 and m.left_at is null
        ) as "exists!""#,
        code_hash,
        user_id
    )
    .fetch_one(db)
    .await?;
    Ok(member)
}

/// Of those for a phone, only one that has not let its person in, nor been overtaken by the end of a membership.
pub async fn find_usable(
    db: &mut PgConnection,
    code_hash: Option<&[u8]>,
    phone: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let id = sqlx::query_scalar!(
        "select id from invitations i
        where (phone = $2 or phone_ending is null and code_hash = $1)
            and uses < max_uses and revoked_at is null and expires_at > $3
            and not exists (
                select from users u join memberships m on m.user_id = u.id
                where u.phone = $2 and m.lab_id = i.lab_id and (m.left_at is null or m.left_at >= i.created_at)
            )
        order by coalesce(code_hash = $1, false) desc, id desc limit 1",
        code_hash,
        phone,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// Also how it ends. Without that an invitation would admit anybody, so all of them are revoked.
pub async fn forget_phone(db: &mut PgConnection, phone: &str, user_id: Uuid, now: DateTime<Utc>) -> Result<()> {
    let forgotten = sqlx::query!(
        "update invitations set phone = null, phone_ending = null, revoked_at = coalesce(revoked_at, $3),
            version = version + 1
        where phone = $1
            or phone_ending is not null and id in (select invitation_id from invitation_uses where user_id = $2)",
        phone,
        user_id,
        now
    );
    forgotten.execute(db).await?;
    Ok(())
}

/// Those that have expired admit nobody, so none keeps its phone.
pub async fn drop_phones(db: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "update invitations set phone = null where id in
            (select id from invitations where phone is not null and expires_at <= $1 limit $2 for update skip locked)",
        now,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}

/// Who came by them is forgotten with them.
pub async fn drop_expired(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from invitations where id in
            (select id from invitations where expires_at < $1 limit $2 for update skip locked)",
        before,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}
