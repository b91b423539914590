//! The SQL of invitations. Every use is counted by the row's own `update`, so that no two people take the last one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::Role,
    error::{Error, OnConstraint, Reason, Result},
    labs::{Invitation, Member},
};

pub async fn page(db: &mut PgConnection, lab_id: Uuid, after: Uuid, limit: i64) -> Result<Vec<Invitation>> {
    let invitations = sqlx::query_as!(
        Invitation,
        r#"select id, lab_id, null as code, role as "role: Role", phone, max_uses, uses, expires_at, revoked_at,
            created_by, version, created_at
        from invitations where lab_id = $1 and id > $2 order by id limit $3"#,
        lab_id,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(invitations)
}

pub async fn find(db: &mut PgConnection, lab_id: Uuid, id: Uuid) -> Result<Option<Invitation>> {
    let invitation = sqlx::query_as!(
        Invitation,
        r#"select id, lab_id, null as code, role as "role: Role", phone, max_uses, uses, expires_at, revoked_at,
            created_by, version, created_at
        from invitations where lab_id = $1 and id = $2"#,
        lab_id,
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(invitation)
}

pub async fn insert(db: &mut PgConnection, new: &Invitation, code_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into invitations
            (id, lab_id, code_hash, role, phone, max_uses, expires_at, created_by, version, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
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
    Ok(())
}

pub async fn revoke(
    db: &mut PgConnection,
    lab_id: Uuid,
    id: Uuid,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let revoked = sqlx::query!(
        "update invitations set revoked_at = coalesce(revoked_at, $4), version = version + 1
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

pub fn already_member() -> Error {
    Reason::AlreadyMember.because("you are a member of this lab already")
}

/// Takes a use and joins its lab; a member takes none. Twice at the same time, the second meets the key of the first.
pub async fn accept(
    db: &mut PgConnection,
    code_hash: &[u8],
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Member>> {
    sqlx::query_as!(
        Member,
        r#"with taken as (
            update invitations i set uses = uses + 1, version = version + 1
            where code_hash = $1 and uses < max_uses and revoked_at is null and expires_at > $3
                and (phone is null or phone = (select phone from users where id = $2))
                and not exists (select from memberships m where m.lab_id = i.lab_id and m.user_id = $2)
            returning lab_id, role
        ), joined as (
            insert into memberships (lab_id, user_id, role, created_at, updated_at)
            select lab_id, $2, role, $3, $3 from taken
            returning lab_id, user_id, role, version, created_at, updated_at
        )
        select j.lab_id, j.user_id, u.name, null as phone, j.role as "role: Role", j.version, j.created_at, j.updated_at
        from joined j join users u on u.id = j.user_id"#,
        code_hash,
        user_id,
        now
    )
    .fetch_optional(db)
    .await
    .on_constraint("memberships_pkey", already_member)
}

/// Whether the code is of a lab that the user belongs to.
pub async fn is_of_members_lab(db: &mut PgConnection, code_hash: &[u8], user_id: Uuid) -> Result<bool> {
    let member = sqlx::query_scalar!(
        r#"select exists (
            select from invitations i join memberships m on m.lab_id = i.lab_id and m.user_id = $2
            where i.code_hash = $1
        ) as "exists!""#,
        code_hash,
        user_id
    )
    .fetch_one(db)
    .await?;
    Ok(member)
}

pub async fn find_usable(
    db: &mut PgConnection,
    code_hash: Option<&[u8]>,
    phone: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    let id = sqlx::query_scalar!(
        "select id from invitations
        where (phone = $2 or phone is null and code_hash = $1)
            and uses < max_uses and revoked_at is null and expires_at > $3
        order by coalesce(code_hash = $1, false) desc, id desc limit 1",
        code_hash,
        phone,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(id)
}

/// Keeps a higher role.
pub async fn redeem(db: &mut PgConnection, id: Uuid, user_id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let taken = sqlx::query_scalar!(
        "with taken as (
            update invitations set uses = uses + 1, version = version + 1
            where id = $1 and uses < max_uses and revoked_at is null and expires_at > $3
                and (phone is null or phone = (select phone from users where id = $2))
            returning lab_id, role
        ), joined as (
            insert into memberships as m (lab_id, user_id, role, created_at, updated_at)
            select lab_id, $2, role, $3, $3 from taken
            on conflict on constraint memberships_pkey do update
                set role = excluded.role, version = m.version + 1, updated_at = excluded.updated_at
                where array_position(array['viewer', 'member', 'manager', 'admin'], m.role)
                    < array_position(array['viewer', 'member', 'manager', 'admin'], excluded.role)
        )
        select lab_id from taken",
        id,
        user_id,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(taken.is_some())
}
