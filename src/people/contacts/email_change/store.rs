use chrono::{DateTime, Utc};
use sqlx::{PgTransaction, types::Json};
use uuid::Uuid;

use crate::{
    base::{email::Email, error::Result, language::Language, phone::Phone},
    people::{
        audit::LoginEvent,
        users::{LabRole, User, user_of},
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

/// None if the user has been disabled meanwhile, or has another phone by now. Else the user, and whether the address is
/// another one. A code from a mailbox forgives no failures of the phone.
pub async fn change(tx: &mut PgTransaction<'_>, change: &Change<'_>) -> Result<Option<(User, bool)>> {
    let changed = sqlx::query!(
        r#"with was as (
            select id, email from users where id = $1 and disabled_at is null and phone = $2 for no key update
        ), changed as (
            update users u set email = $3, version = u.version + 1, updated_at = $4
            from was where u.id = was.id
            returning u.id, u.phone, u.name, u.is_owner, u.language, u.email, u.version,
                u.email is distinct from was.email as is_other
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
            p.labs as "labs!: Json<Vec<LabRole>>", c.language as "language: Language", c.email as "email: Email",
            c.is_other as "is_other!"
        from changed c join profiles p on p.id = c.id"#,
        change.user_id,
        change.phone.as_str(),
        change.email.as_str(),
        change.now,
        change.challenge_id,
        Json(&change.events) as _
    );
    Ok(changed.fetch_optional(&mut **tx).await?.map(|row| {
        let user = user_of!(row);
        (user, row.is_other)
    }))
}

pub struct Removal {
    pub user_id: Uuid,
    pub version: Option<i32>,
    pub events: [LoginEvent; 2],
    pub now: DateTime<Utc>,
}

pub struct Removed {
    /// There is none now.
    pub is_gone: bool,
    /// There was one.
    pub was_there: bool,
}

/// Where there was none before, nothing is written.
pub async fn remove(tx: &mut PgTransaction<'_>, removal: &Removal) -> Result<Removed> {
    let removed = sqlx::query_as!(
        Removed,
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
            as "is_gone!", exists (select from changed) as "was_there!""#,
        removal.user_id,
        removal.version,
        removal.now,
        Json(&removal.events) as _
    );
    Ok(removed.fetch_one(&mut **tx).await?)
}
