//! The SQL of how invitations end.

use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

use crate::{auth::Role, base::error::Result, people::labs::Invitation};

/// An invitation that admits nobody any more, or has lost its phone.
pub struct Ending {
    pub id: Uuid,
    pub lab_id: Uuid,
    pub revoked_before: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub had_phone: bool,
}

pub async fn revoke(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    id: Uuid,
    version: Option<i32>,
    now: DateTime<Utc>,
) -> Result<Option<Ending>> {
    let revoked = sqlx::query_as!(
        Ending,
        r#"with was as (
            select id, revoked_at, phone from invitations
            where lab_id = $1 and id = $2 and dropped_at is null and ($3::int is null or version = $3) for update
        )
        update invitations i set revoked_at = coalesce(was.revoked_at, $4), phone = null,
            version = i.version + (was.revoked_at is null or was.phone is not null)::int
        from was where i.id = was.id
        returning i.id, i.lab_id, was.revoked_at as revoked_before, i.revoked_at, was.phone is not null as "had_phone!""#,
        lab_id,
        id,
        version,
        now
    );
    Ok(revoked.fetch_optional(&mut **tx).await?)
}

/// Those that would still admit somebody, of one lab or of all.
pub async fn revoke_made_by(
    tx: &mut PgTransaction<'_>,
    lab_id: Option<Uuid>,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Ending>> {
    let revoked = sqlx::query_as!(
        Ending,
        r#"with was as (
            select id, phone from invitations
            where created_by = $2 and ($1::uuid is null or lab_id = $1) and revoked_at is null and expires_at > $3
            for update
        )
        update invitations i set revoked_at = $3, phone = null, version = i.version + 1
        from was where i.id = was.id
        returning i.id, i.lab_id, null::timestamptz as revoked_before, i.revoked_at,
            was.phone is not null as "had_phone!""#,
        lab_id,
        user_id,
        now
    );
    Ok(revoked.fetch_all(&mut **tx).await?)
}

/// Also how it ends. Without that an invitation would admit anybody, so all of them are revoked.
pub async fn forget_phone(
    tx: &mut PgTransaction<'_>,
    phone: &str,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Ending>> {
    let forgotten = sqlx::query_as!(
        Ending,
        r#"with was as (
            select id, revoked_at from invitations
            where phone = $1
                or phone_ending is not null and id in (select invitation_id from invitation_uses where user_id = $2)
            for update
        )
        update invitations i set phone = null, phone_ending = null, revoked_at = coalesce(was.revoked_at, $3),
            version = i.version + 1
        from was where i.id = was.id
        returning i.id, i.lab_id, was.revoked_at as revoked_before, i.revoked_at, true as "had_phone!""#,
        phone,
        user_id,
        now
    );
    Ok(forgotten.fetch_all(&mut **tx).await?)
}

/// Those that have expired admit nobody, so none keeps its phone.
pub async fn drop_phones(tx: &mut PgTransaction<'_>, now: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "update invitations set phone = null where id in
            (select id from invitations where phone is not null and expires_at <= $1 and dropped_at is null
            limit $2 for update skip locked)",
        now,
        most
    );
    Ok(dropped.execute(&mut **tx).await?.rows_affected())
}

/// Takes them out of the list of their lab. The journal names them, so their rows stay; who came by them, and for whose
/// phone they were, is forgotten. Answers what there was.
pub async fn drop_expired(
    tx: &mut PgTransaction<'_>,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Invitation>> {
    let dropped = sqlx::query_as!(
        Invitation,
        r#"with was as (
            select id, phone_ending, version from invitations
            where expires_at < $1 and dropped_at is null limit $3 for update skip locked
        ), forgotten as (
            delete from invitation_uses u using was where u.invitation_id = was.id
        )
        update invitations i set dropped_at = $2, phone = null, phone_ending = null, version = i.version + 1
        from was where i.id = was.id
        returning i.id, i.lab_id, null as code, i.role as "role: Role", '…' || was.phone_ending as phone, i.max_uses, i.uses,
            i.expires_at, i.revoked_at, i.created_by, was.version, i.created_at"#,
        before,
        now,
        most
    );
    Ok(dropped.fetch_all(&mut **tx).await?)
}
