use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    base::{email::Email, error::Result, language::Language, phone::Phone},
    people::{
        audit::LoginEvent,
        users::{LabRole, User},
    },
};

pub struct Change<'a> {
    pub user_id: Uuid,
    /// They still have to have it.
    pub phone: &'a Phone,
    pub email: &'a Email,
    pub challenge_id: Uuid,
    /// That of the sessions is told if any has ended.
    pub events: [LoginEvent; 2],
    pub now: DateTime<Utc>,
}

/// None if the user has been disabled meanwhile, or has another phone by now. A code from a mailbox forgives no failures
/// of the phone.
pub async fn change(db: &mut PgConnection, change: &Change<'_>) -> Result<Option<User>> {
    let changed = sqlx::query_as!(
        User,
        r#"with changed as (
            update users set email = $3, version = version + 1, updated_at = $4
            where id = $1 and disabled_at is null and phone = $2
            returning id, phone, name, is_owner, language, email, version
        ), consumed as (
            insert into consumed_challenges (challenge_id, consumed_at) select $5, $4 from changed
        ), ended as (
            update sessions set ended_at = $4, ended_because = 'email_changed'
            where user_id = (select id from changed) and 'email' = any(amr) and ended_at is null
            returning id
        ), told as (
            insert into login_events select e.* from changed, jsonb_populate_recordset(null::login_events, $6) e
            where e.kind <> 'session_ended' or exists (select from ended)
        )
        select p.id as "id!", c.phone as "phone: Phone", c.name, c.is_owner, p.is_cataloguer as "is_cataloguer!",
            c.version,
            p.labs as "labs!: Json<Vec<LabRole>>", c.language as "language: Language", c.email as "email: Email"
        from changed c join profiles p on p.id = c.id"#,
        change.user_id,
        change.phone.as_str(),
        change.email.as_str(),
        change.now,
        change.challenge_id,
        Json(&change.events) as _
    );
    Ok(changed.fetch_optional(db).await?)
}

pub struct Removal {
    pub user_id: Uuid,
    pub version: Option<i32>,
    pub events: [LoginEvent; 2],
    pub now: DateTime<Utc>,
}

/// Whether there is none now. Where there was none before, nothing is written.
pub async fn remove(db: &mut PgConnection, removal: &Removal) -> Result<bool> {
    let is_gone = sqlx::query_scalar!(
        r#"with me as (
            select id from users where id = $1 and ($2::integer is null or version = $2)
        ), changed as (
            update users set email = null, version = version + 1, updated_at = $3
            where id = (select id from me) and email is not null and ($2 is null or version = $2)
            returning id
        ), ended as (
            update sessions set ended_at = $3, ended_because = 'email_changed'
            where user_id = (select id from changed) and 'email' = any(amr) and ended_at is null
            returning id
        ), told as (
            insert into login_events select e.* from changed, jsonb_populate_recordset(null::login_events, $4) e
            where e.kind <> 'session_ended' or exists (select from ended)
        )
        select exists (select from changed) or exists (select from me join users u on u.id = me.id where u.email is null)
            as "is_gone!""#,
        removal.user_id,
        removal.version,
        removal.now,
        Json(&removal.events) as _
    );
    Ok(is_gone.fetch_one(db).await?)
}
