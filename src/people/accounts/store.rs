use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

use super::Account;
use crate::{
    base::{error::Result, phone::Phone},
    people::audit::LoginEvent,
};

pub async fn list(db: &mut PgConnection, phone: Option<&Phone>, after: Uuid, most: i64) -> Result<Vec<Account>> {
    let found = sqlx::query_as!(
        Account,
        r#"select id, phone as "phone: Phone", name, is_owner, is_cataloguer, disabled_at, version from users
        where deleted_at is null and ($1::text is null or phone = $1) and id > $2
        order by id limit $3"#,
        phone.map(Phone::as_str),
        after,
        most
    );
    Ok(found.fetch_all(db).await?)
}

pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Account>> {
    let account = sqlx::query_as!(
        Account,
        r#"select id, phone as "phone: Phone", name, is_owner, is_cataloguer, disabled_at, version from users
        where id = $1 and deleted_at is null for update"#,
        id
    );
    Ok(account.fetch_optional(db).await?)
}

/// Who is disabled is logged out, and the audit told, in the same statement.
pub async fn update(
    tx: &mut PgTransaction<'_>,
    account: &Account,
    now: DateTime<Utc>,
    events: &[LoginEvent],
) -> Result<()> {
    let updated = sqlx::query!(
        "with changed as (
            update users set version = $2, updated_at = $3, disabled_at = $4, is_owner = $5, is_cataloguer = $6
            where id = $1
            returning id, disabled_at
        ), ended as (
            update sessions set ended_at = $3, ended_because = 'ended_by_admin'
            where user_id = (select id from changed where disabled_at is not null) and ended_at is null
        )
        insert into login_events select e.* from changed, jsonb_populate_recordset(null::login_events, $7) e",
        account.id,
        account.version,
        now,
        account.disabled_at,
        account.is_owner,
        account.is_cataloguer,
        Json(events) as _
    );
    updated.execute(&mut **tx).await?;
    Ok(())
}
