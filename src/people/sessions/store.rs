use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Session;
use crate::{
    base::{email::Email, enumeration::enumeration, error::Result, language::Language, page::Limit, phone::Phone},
    people::{
        audit::{EventKind, LoginEvent, Trace},
        users::{LabRole, User},
    },
};

/// A session that may go on.
pub struct Live {
    pub session_id: Uuid,
    pub auth_time: DateTime<Utc>,
    pub amr: Vec<String>,
    pub token_expires_at: DateTime<Utc>,
    pub user: User,
}

/// A token that was used, of a session that is alive.
pub struct Spent {
    pub live: Live,
    pub used_at: DateTime<Utc>,
    pub successor_salt: Vec<u8>,
    /// Of the token at the end of the chain.
    pub last_hash: Option<Vec<u8>>,
}

pub struct Rotation {
    pub hash: [u8; 32],
    pub salt: [u8; 16],
    pub successor_hash: [u8; 32],
    pub successor_expires_at: DateTime<Utc>,
    /// Of the client, as the audit cuts it.
    pub address: Option<String>,
    pub now: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBecause {
    Logout,
    EndedByUser,
    EndedByAdmin,
    PhoneChanged,
    EmailChanged,
    RefreshReuse,
}

enumeration!(EndedBecause::as_str in "sessions.ended_because" {
    Logout = "logout",
    EndedByUser = "ended_by_user",
    EndedByAdmin = "ended_by_admin",
    PhoneChanged = "phone_changed",
    EmailChanged = "email_changed",
    RefreshReuse = "refresh_reuse",
});

impl EndedBecause {
    pub fn event(self, user_id: Uuid, session_id: Option<Uuid>, trace: &Trace, now: DateTime<Utc>) -> LoginEvent {
        let (kind, outcome) = match self {
            Self::Logout => (EventKind::SessionEnded, "logout"),
            Self::EndedByUser => (EventKind::SessionEnded, "ended_by_user"),
            Self::EndedByAdmin => (EventKind::SessionEnded, "ended_by_admin"),
            Self::PhoneChanged => (EventKind::SessionEnded, "phone_changed"),
            Self::EmailChanged => (EventKind::SessionEnded, "email_changed"),
            Self::RefreshReuse => (EventKind::RefreshReused, "ended"),
        };
        LoginEvent { user_id: Some(user_id), session_id, ..LoginEvent::new(now, kind, outcome, trace) }
    }
}

/// From the columns that both queries below end with.
macro_rules! live {
    ($row:ident) => {
        Live {
            session_id: $row.id,
            auth_time: $row.auth_time,
            amr: $row.amr,
            token_expires_at: $row.token_expires_at,
            user: User {
                id: $row.user_id,
                phone: $row.phone,
                name: $row.name,
                is_owner: $row.is_owner,
                is_cataloguer: $row.is_cataloguer,
                labs: $row.labs,
                language: $row.language,
                email: $row.email,
                version: $row.version,
            },
        }
    };
}

/// Uses a token that can be used, and puts its successor in its place. Of many at once, the lock on the row lets one.
pub async fn rotate(db: &mut PgConnection, rotation: &Rotation) -> Result<Option<Live>> {
    let row = sqlx::query!(
        r#"with spent as (
            update refresh_tokens t set used_at = $2, successor_salt = $3
            from sessions s, users u
            where t.hash = $1 and t.used_at is null and t.expires_at > $2
                and s.id = t.session_id and s.ended_at is null and s.expires_at > $2
                and u.id = s.user_id and u.disabled_at is null
            returning s.id, s.user_id, s.auth_time, s.amr, least($5, s.expires_at) as token_expires_at
        ), successor as (
            insert into refresh_tokens (hash, session_id, expires_at) select $4, id, token_expires_at from spent
        ), session as (
            update sessions set last_used_at = $2, last_address = $6 where id = (select id from spent)
        )
        select s.id, s.auth_time, s.amr, s.token_expires_at as "token_expires_at!", s.user_id,
            p.phone as "phone: Phone", p.name as "name!", p.is_owner as "is_owner!",
            p.is_cataloguer as "is_cataloguer!", p.version as "version!",
            p.labs as "labs!: Json<Vec<LabRole>>", p.language as "language: Language", p.email as "email: Email"
        from spent s join profiles p on p.id = s.user_id"#,
        &rotation.hash[..],
        rotation.now,
        &rotation.salt[..],
        &rotation.successor_hash[..],
        rotation.successor_expires_at,
        rotation.address
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| live!(row)))
}

pub async fn find_spent(db: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Spent>> {
    let row = sqlx::query!(
        r#"select t.used_at as "used_at!", t.successor_salt as "successor_salt!", s.id, s.auth_time, s.amr, s.user_id,
            last.hash as "last_hash?", coalesce(last.expires_at, s.expires_at) as "token_expires_at!",
            p.phone as "phone: Phone", p.name as "name!", p.is_owner as "is_owner!",
            p.is_cataloguer as "is_cataloguer!", p.version as "version!",
            p.labs as "labs!: Json<Vec<LabRole>>", p.language as "language: Language", p.email as "email: Email"
        from refresh_tokens t
        join sessions s on s.id = t.session_id
        join profiles p on p.id = s.user_id
        left join refresh_tokens last on last.session_id = s.id and last.used_at is null
        where t.hash = $1 and t.used_at is not null and t.successor_salt is not null
            and s.ended_at is null and s.expires_at > $2 and p.disabled_at is null"#,
        hash,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Spent {
        used_at: row.used_at,
        successor_salt: row.successor_salt,
        last_hash: row.last_hash,
        live: live!(row),
    }))
}

/// Whether there was one to end.
pub async fn end_session(
    db: &mut PgConnection,
    user_id: Uuid,
    id: Uuid,
    because: EndedBecause,
    trace: &Trace,
    now: DateTime<Utc>,
) -> Result<bool> {
    let ended = sqlx::query_scalar!(
        r#"with ended as (
            update sessions set ended_at = $4, ended_because = $3
            where user_id = $1 and id = $2 and ended_at is null
            returning id
        ), told as (
            insert into login_events select e.* from ended, jsonb_populate_record(null::login_events, $5) e
        )
        select exists (select from ended) as "ended!""#,
        user_id,
        id,
        because as EndedBecause,
        now,
        Json(because.event(user_id, Some(id), trace, now)) as _
    );
    Ok(ended.fetch_one(db).await?)
}

/// All of a user's, but perhaps one; one event tells of them. Whether there is such a user.
pub async fn end_sessions(
    db: &mut PgConnection,
    user_id: Uuid,
    but: Option<Uuid>,
    because: EndedBecause,
    event: &LoginEvent,
) -> Result<bool> {
    let known = sqlx::query_scalar!(
        r#"with ended as (
            update sessions set ended_at = $4, ended_because = $3
            where user_id = $1 and id is distinct from $2 and ended_at is null
            returning id
        ), told as (
            insert into login_events select e.* from jsonb_populate_record(null::login_events, $5) e
            where exists (select from ended)
        )
        select exists (select from users where id = $1) as "known!""#,
        user_id,
        but,
        because as EndedBecause,
        event.at,
        Json(event) as _
    );
    Ok(known.fetch_one(db).await?)
}

pub struct Listing {
    pub user_id: Uuid,
    /// Of whoever asks.
    pub current: Option<Uuid>,
    pub now: DateTime<Utc>,
    /// Whose token was last used before this cannot use it any more.
    pub idle_since: DateTime<Utc>,
    pub after: Uuid,
    pub limit: Limit,
}

pub async fn list_sessions(db: &mut PgConnection, listing: &Listing) -> Result<Vec<Session>> {
    let sessions = sqlx::query_as!(
        Session,
        r#"select id, device_name, amr, created_at, last_used_at, last_address, id is not distinct from $2 as "current!"
        from sessions
        where user_id = $1 and ended_at is null and expires_at > $3 and last_used_at > $4
            and id > $5
        order by id limit $6"#,
        listing.user_id,
        listing.current,
        listing.now,
        listing.idle_since,
        listing.after,
        listing.limit.plus_one()
    );
    Ok(sessions.fetch_all(db).await?)
}

/// Not even an ended one stays, nor a token: they show devices and networks.
pub async fn delete_sessions(db: &mut PgConnection, user_id: Uuid) -> Result<()> {
    sqlx::query!("delete from sessions where user_id = $1", user_id).execute(db).await?;
    Ok(())
}

/// A used token is kept so that its return is noticed; once it has expired, it would be refused in any case. The last
/// of a session is kept until that has ended.
pub async fn drop_used_tokens(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from refresh_tokens where hash in (
            select t.hash from refresh_tokens t join sessions s on s.id = t.session_id
            where t.expires_at < $1 and (t.used_at is not null or s.ended_at is not null)
            limit $2 for update of t skip locked
        )",
        before,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}

/// Those whose half year is over, and those that nobody can refresh any more: each by an index.
pub async fn expire_sessions(db: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
    let expired = sqlx::query!(
        "with over as (
            select id from sessions where ended_at is null and expires_at <= $1
            limit $2 for update skip locked
        ), idle as (
            select s.id from refresh_tokens t join sessions s on s.id = t.session_id
            where t.expires_at <= $1 and t.used_at is null and s.ended_at is null
            limit $2 for update of s skip locked
        )
        update sessions set ended_at = $1, ended_because = 'expired'
        where id in (select id from over union select id from idle) and ended_at is null",
        now,
        most
    );
    Ok(expired.execute(db).await?.rows_affected())
}

/// Their tokens go with them.
pub async fn drop_sessions(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from sessions where id in
            (select id from sessions where ended_at < $1 limit $2 for update skip locked)",
        before,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back() {
        crate::base::enumeration::assert_read_back::<EndedBecause>();
    }
}
