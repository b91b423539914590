//! The SQL of invitations. Every use is counted by the row's own `update`, so that no two people take the last one. An
//! invitation is for one phone if it has a `phone_ending`; the phone itself is there only while it can be let in.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction};
use uuid::Uuid;

use crate::{
    auth::Role,
    base::error::{OnConstraint, Reason, Result},
    people::labs::{Invitation, Member},
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
        from invitations where lab_id = $1 and id > $2 and dropped_at is null order by id limit $3"#,
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
        from invitations where lab_id = $1 and id = $2 and dropped_at is null"#,
        lab_id,
        id,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(invitation)
}

/// None is made by somebody who is no admin any more: a membership that changes at this moment is waited for.
pub async fn insert(tx: &mut PgTransaction<'_>, new: &Invitation, code_hash: &[u8]) -> Result<bool> {
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
    .execute(&mut **tx)
    .await
    .on_constraint("invitations_pkey", || Reason::IdTaken.because("there is something with this id already"))?;
    Ok(inserted.rows_affected() > 0)
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

/// Somebody who was let in.
pub struct Redeemed {
    pub member: Member,
    /// Their role before and the end of their membership, if they were a member once.
    pub before: Option<(Role, Option<DateTime<Utc>>)>,
    pub invitation_id: Uuid,
    /// With this one.
    pub uses: i32,
    pub was_for_phone: bool,
}

/// Takes a use and joins the lab: one for each person, none for a member, and none for somebody whose membership ended
/// after the invitation was made. One for a phone has let in whom it was for, and needs the phone no more. Who was a
/// member before goes on with the same row. Who calls it holds the lab's row.
pub async fn redeem(
    tx: &mut PgTransaction<'_>,
    key: Key<'_>,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Redeemed>> {
    let (id, code_hash) = key.parts();
    let joined = sqlx::query!(
        r#"with taken as (
            update invitations i set uses = uses + 1, phone = null, version = version + 1
            where (id = $1 or code_hash = $2) and uses < max_uses and revoked_at is null and expires_at > $4
                and (phone_ending is null or phone = (select phone from users where id = $3))
                and not exists (select from memberships m where m.lab_id = i.lab_id and m.user_id = $3
                    and (m.left_at is null or m.left_at >= i.created_at))
                and not exists (select from invitation_uses u where u.invitation_id = i.id and u.user_id = $3)
            returning id, lab_id, role, uses, phone_ending is not null as was_for_phone
        ), used as (
            insert into invitation_uses (invitation_id, user_id, used_at) select id, $3, $4 from taken
        ), m as (
            insert into memberships as m (lab_id, user_id, role, created_at, updated_at)
            select lab_id, $3, role, $4, $4 from taken
            on conflict on constraint memberships_pkey do update
                set role = excluded.role, left_at = null, version = m.version + 1, updated_at = excluded.updated_at
            returning m.*
        )
        select m.lab_id, m.user_id, u.name, m.role as "role: Role", m.left_at, m.version, m.created_at, m.updated_at,
            t.id as "invitation_id!", t.uses as "uses!", t.was_for_phone as "was_for_phone!",
            w.role as "old_role?: Role", w.left_at as "old_left_at?"
        from m join users u on u.id = m.user_id cross join taken t
            left join memberships w on w.lab_id = m.lab_id and w.user_id = m.user_id"#,
        id,
        code_hash,
        user_id,
        now
    );
    Ok(joined.fetch_optional(&mut **tx).await?.map(|row| Redeemed {
        member: Member {
            lab_id: row.lab_id,
            user_id: row.user_id,
            name: row.name,
            phone: None,
            role: row.role,
            left_at: row.left_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        },
        before: row.old_role.map(|role| (role, row.old_left_at)),
        invitation_id: row.invitation_id,
        uses: row.uses,
        was_for_phone: row.was_for_phone,
    }))
}

/// Whether the code is of a lab that the user belongs to.
pub async fn is_of_members_lab(db: &mut PgConnection, code_hash: &[u8], user_id: Uuid) -> Result<bool> {
    let member = sqlx::query_scalar!(
        r#"select exists (
            select from invitations i join memberships m on m.lab_id = i.lab_id and m.user_id = $2
            where i.code_hash = $1 and i.dropped_at is null and m.left_at is null
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
