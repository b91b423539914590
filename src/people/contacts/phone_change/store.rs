use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgTransaction, types::Json};
use uuid::Uuid;

use crate::{
    base::{email::Email, error::Result, language::Language, phone::Phone},
    messages::{Channel, Sealed},
    people::{
        audit::LoginEvent,
        users::{LabRole, User},
    },
};

pub struct Before {
    pub phone: Option<Phone>,
    /// Of their messages.
    pub language: Option<Language>,
    /// The bucket of the challenge has to wait.
    pub is_blocked: bool,
}

pub async fn before(db: &mut PgConnection, user_id: Uuid, challenge_id: Uuid, now: DateTime<Utc>) -> Result<Before> {
    let before = sqlx::query_as!(
        Before,
        r#"select phone as "phone: Phone", language as "language: Language", exists (
                select from messages m join login_failures f on f.bucket = m.bucket
                where m.challenge_id = $2 and f.blocked_until > $3
            ) as "is_blocked!"
        from users where id = $1"#,
        user_id,
        challenge_id,
        now
    );
    Ok(before.fetch_one(db).await?)
}

pub struct Change<'a> {
    pub user_id: Uuid,
    /// The one that stays.
    pub session_id: Uuid,
    pub old: Option<&'a Phone>,
    pub new: &'a Phone,
    pub challenge_id: Uuid,
    pub bucket: [u8; 32],
    pub notice: Option<Sealed>,
    pub events: Vec<LoginEvent>,
    pub now: DateTime<Utc>,
}

/// None if the user has been disabled meanwhile, or has another phone than the old one by now.
pub async fn change(tx: &mut PgTransaction<'_>, change: &Change<'_>) -> Result<Option<User>> {
    let notice = change.notice.as_ref();
    let changed = sqlx::query_as!(
        User,
        r#"with changed as (
            update users set phone = $3, version = version + 1, updated_at = $4
            where id = $1 and disabled_at is null and phone is not distinct from $2
            returning id, phone, name, is_owner, version
        ), consumed as (
            insert into consumed_challenges (challenge_id, consumed_at) select $5, $4 from changed
        ), ended as (
            update sessions set ended_at = $4, ended_because = 'phone_changed'
            where user_id = (select id from changed) and id <> $6 and ended_at is null
            returning id
        ), forgiven as (
            delete from login_failures where bucket = $7 and exists (select from changed)
        ), notice as (
            insert into messages (id, channel, recipient, body, suppressed, state, due_at, expires_at, created_at,
                updated_at, kind, country)
            select $8, $9, $10, $11, $12, 'queued', $4, $13, $4, $4, 'phone_changed', $15
            from changed where $8::uuid is not null
        ), told as (
            insert into login_events select e.* from changed, jsonb_populate_recordset(null::login_events, $14) e
            where e.kind <> 'session_ended' or exists (select from ended)
        )
        select p.id as "id!", c.phone as "phone: Phone", c.name, c.is_owner, p.is_cataloguer as "is_cataloguer!",
            c.version,
            p.labs as "labs!: Json<Vec<LabRole>>", p.language as "language: Language", p.email as "email: Email"
        from changed c join profiles p on p.id = c.id"#,
        change.user_id,
        change.old.map(Phone::as_str),
        change.new.as_str(),
        change.now,
        change.challenge_id,
        change.session_id,
        &change.bucket[..],
        notice.map(|notice| notice.id),
        notice.map(|notice| notice.channel) as Option<Channel>,
        notice.map(|notice| notice.recipient.as_slice()),
        notice.map(|notice| notice.body.as_slice()),
        notice.is_some_and(|notice| notice.suppressed),
        notice.map(|notice| notice.expires_at),
        Json(&change.events) as _,
        notice.map(|notice| notice.country.as_str())
    );
    Ok(changed.fetch_optional(&mut **tx).await?)
}
