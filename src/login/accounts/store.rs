use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Account;
use crate::{error::Result, login::audit::LoginEvent, phone::Phone};

pub async fn list(db: &mut PgConnection, phone: Option<&Phone>, after: Uuid, most: i64) -> Result<Vec<Account>> {
    let found = sqlx::query_as!(
        Account,
        r#"select id, phone as "phone: Phone", name, is_owner, disabled_at, version from users
        where ($1::text is null or phone = $1) and id > $2
        order by id limit $3"#,
        phone.map(Phone::as_str),
        after,
        most
    );
    Ok(found.fetch_all(db).await?)
}

pub async fn exists(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let is_there = sqlx::query_scalar!(r#"select exists (select from users where id = $1) as "is_there!""#, id);
    Ok(is_there.fetch_one(db).await?)
}

/// Who is disabled is logged out, and the audit told, in the same statement.
pub async fn update(
    db: &mut PgConnection,
    id: Uuid,
    version: Option<i32>,
    disabled: Option<bool>,
    event: &LoginEvent,
) -> Result<Option<Account>> {
    let updated = sqlx::query_as!(
        Account,
        r#"with changed as (
            update users set version = version + 1, updated_at = $4,
                disabled_at = case when $3::bool is null then disabled_at when $3 then coalesce(disabled_at, $4) end
            where id = $1 and ($2::integer is null or version = $2)
            returning id, phone, name, is_owner, disabled_at, version
        ), ended as (
            update sessions set ended_at = $4, ended_because = 'ended_by_admin'
            where user_id = (select id from changed where disabled_at is not null) and ended_at is null
        ), told as (
            insert into login_events
            select e.* from changed, jsonb_populate_record(null::login_events, $5) e where $3 is not null
        )
        select id, phone as "phone: Phone", name, is_owner, disabled_at, version from changed"#,
        id,
        version,
        disabled,
        event.at,
        Json(event) as _
    );
    Ok(updated.fetch_optional(db).await?)
}
