use sqlx::{PgConnection, types::Json};

use super::proven::{Attempt, Proven};
use crate::{
    base::{email::Email, error::Result, language::Language, phone::Phone},
    people::{
        audit::{EventKind, LoginEvent},
        sessions::NewSession,
        users::{LabRole, User, user_of},
    },
};

/// Who it was that was proven.
pub struct Found {
    pub user: User,
    pub is_disabled: bool,
    /// Too many wrong codes were sent before this right one.
    pub is_locked: bool,
}

/// For somebody who is known, all that a login writes, in one statement; for anybody else, nothing. What comes from a
/// mailbox shows nothing of who has guessed the codes to the phone, and forgives nothing.
#[expect(clippy::too_many_lines, reason = "one statement, so that it is all done or nothing")]
pub async fn log_in(db: &mut PgConnection, proven: &Proven, new: &NewSession) -> Result<Option<Found>> {
    let Attempt { bucket, blocked_beyond, tally, trace } = &proven.attempt;
    let event = LoginEvent { session_id: Some(new.id), ..LoginEvent::new(new.now, EventKind::LoggedIn, "done", trace) };
    let (issuer, subject) = proven.who.identity().unzip();
    let row = sqlx::query!(
        r#"with who as (
            select id, phone, name, is_owner, is_cataloguer, disabled_at is not null as is_disabled, version, labs, language, email,
                exists (select from login_failures where bucket = $10 and blocked_until > $19) as is_locked
            from profiles
            where phone = $1 and ($18::text is null or email = $18) or id = (select user_id from identities where issuer = $15 and subject = $16)
        ), welcome as (
            select id from who where not is_disabled and not is_locked
        ), consumed as (
            insert into consumed_challenges (challenge_id, consumed_at)
            select $2, $3 from who where not is_disabled
        ), session as (
            insert into sessions (id, user_id, device_name, amr, auth_time, created_at, last_used_at, expires_at,
                last_address)
            select $4, id, $5, $6, $17, $3, $3, $7, $14::jsonb ->> 'address' from welcome
        ), token as (
            insert into refresh_tokens (hash, session_id, expires_at) select $8, $4, $9 from welcome
        ), forgiven as (
            delete from login_failures where bucket = $10 and $18 is null and exists (select from welcome)
        ), verified as (
            insert into code_tallies as t (scope, hour, shard, verified)
            select scope, $12, $13, 1 from unnest($11::text[]) scope, welcome
            where exists (select from messages where challenge_id = $2 and not suppressed and block is not null)
            on conflict (scope, hour, shard) do update set verified = t.verified + 1
        ), told as (
            insert into login_events (id, at, kind, outcome, phone_hash, user_id, session_id, address, device)
            select e.id, e.at, e.kind, case when is_locked then 'locked' when is_disabled then 'disabled' else e.outcome end,
                e.phone_hash, who.id, case when not is_locked and not is_disabled then e.session_id end, e.address, e.device
            from who, jsonb_populate_record(null::login_events, $14) e
        )
        select id as "id!", phone as "phone: Phone", name as "name!", is_owner as "is_owner!",
            is_cataloguer as "is_cataloguer!", version as "version!",
            labs as "labs!: Json<Vec<LabRole>>", language as "language: Language", email as "email: Email",
            is_disabled as "is_disabled!", is_locked as "is_locked!"
        from who"#,
        proven.who.phone().map(Phone::as_str),
        proven.challenge_id,
        new.now,
        new.id,
        new.device_name,
        &new.amr,
        new.expires_at,
        &new.token_hash[..],
        new.token_expires_at,
        bucket.as_ref().map(|bucket| &bucket[..]),
        tally.as_ref().map(|tally| &tally.scopes[..]),
        tally.as_ref().map(|tally| tally.hour),
        tally.as_ref().map(|tally| tally.shard),
        Json(&event) as _,
        issuer,
        subject,
        new.auth_time,
        proven.mailbox.as_ref().map(Email::as_str),
        blocked_beyond
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Found { is_disabled: row.is_disabled, is_locked: row.is_locked, user: user_of!(row) }))
}
