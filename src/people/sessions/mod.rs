//! Sessions and the chain of refresh tokens that each lives by (RFC 9700 section 4.14.2). A token is used once and
//! makes its successor. Who loses the answer, in a cellar without reception, may repeat the request and gets the same
//! successor, as long as nobody has used that one; a token that comes back after that has been stolen, or its thief was
//! faster, and the session ends.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use self::store::{EndedBecause, Live, Spent};
use super::audit::Trace;
use crate::{
    auth::{self, Anyone, Auth},
    base::{
        address::ClientAddress,
        error::{Error, Reason, Result},
        ids,
        page::{Cursor, Limit, List, Page},
        secrets,
    },
    people::users::User,
    platform::{
        app::App,
        deeds::{self, Deed},
    },
};

mod http;
pub mod store;

/// What a login ends with (RFC 6749 section 5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenPair {
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// A signed JWT (RFC 9068) for the header `Authorization: Bearer`.
    access_token: String,
    /// Seconds.
    #[schema(example = 600)]
    expires_in: u64,
    /// For `/v1/auth/refresh`, once.
    refresh_token: String,
    /// Seconds.
    #[schema(example = 2_592_000)]
    refresh_expires_in: i64,
    /// Only after a code to the phone: show it when this device asks for the next one, which is then not held up by
    /// what strangers do with this phone's number. Keep it beyond the session; it lets nobody in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device_token: Option<String>,
    user: User,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The newest one.
    #[schema(example = "8mCjJ2hV1wQ4tXz7Rk0yLp9sNf3uGd6bEaHcTiVoWxY")]
    pub refresh_token: String,
}

/// A device that is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub id: Uuid,
    /// As given at login; empty if none was.
    #[schema(example = "Pixel 9")]
    pub device_name: String,
    /// How its login was done (RFC 8176): `sms` by a code, `otp` with `whatsapp` or `email` by one that came so, else
    /// as another identity provider says it.
    #[schema(example = json!(["sms"]))]
    pub amr: Vec<String>,
    pub created_at: DateTime<Utc>,
    /// When it was last logged in or refreshed.
    pub last_used_at: DateTime<Utc>,
    /// The network from which: a /24, or a /64 of IPv6.
    #[schema(required = true, example = "198.51.100.0/24")]
    pub last_address: Option<String>,
    /// The session of this very request.
    pub current: bool,
}

/// However often it is refreshed, a session ends after half a year.
const LONGEST: TimeDelta = TimeDelta::days(180);
/// How long a used token makes its successor once more, if that was not used.
const REPEATABLE_FOR: TimeDelta = TimeDelta::hours(24);

pub struct NewSession {
    pub id: Uuid,
    pub device_name: String,
    /// RFC 8176.
    pub amr: Vec<String>,
    pub auth_time: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub token_hash: [u8; 32],
    pub token_expires_at: DateTime<Utc>,
    token: String,
}

impl NewSession {
    pub fn new(app: &App, device_name: String, amr: Vec<String>, auth_time: DateTime<Utc>) -> Self {
        let now = app.clock.now();
        let token = BASE64_URL_SAFE_NO_PAD.encode(secrets::random::<32>());
        let expires_at = now + LONGEST;
        Self {
            id: ids::new(now),
            device_name,
            amr,
            auth_time,
            now,
            expires_at,
            token_hash: hash(app, &token),
            token_expires_at: expires_at.min(now + app.config.jwt.refresh_ttl),
            token,
        }
    }

    pub fn into_pair(self, app: &App, user: User) -> TokenPair {
        let live = Live {
            session_id: self.id,
            auth_time: self.auth_time,
            amr: self.amr,
            token_expires_at: self.token_expires_at,
            user,
        };
        pair(app, live, self.token, self.now)
    }
}

fn pair(app: &App, live: Live, refresh_token: String, now: DateTime<Utc>) -> TokenPair {
    let auth_time = live.auth_time.timestamp();
    let (access_token, _) = app.tokens.sign(live.user.id, live.session_id, auth_time, live.amr, now);
    TokenPair {
        token_type: "Bearer",
        access_token,
        expires_in: app.tokens.ttl().as_secs(),
        refresh_token,
        refresh_expires_in: (live.token_expires_at - now).num_seconds(),
        device_token: None,
        user: live.user,
    }
}

/// The database keeps no token that could be used.
fn hash(app: &App, token: &str) -> [u8; 32] {
    app.secret.mac("refresh token", &[token.as_bytes()])
}

/// Made, not drawn: so whoever repeats gets the same, though nobody kept it.
fn successor(app: &App, salt: &[u8], token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(app.secret.mac("refresh successor", &[salt, token.as_bytes()]))
}

pub async fn refresh(app: &App, request: &RefreshRequest, from: ClientAddress) -> Result<TokenPair> {
    deeds::check(app, Deed::FailToRefresh, from)?;
    let refreshed = rotate(app, request, from).await;
    if matches!(refreshed, Err(Error::Rejected(_))) {
        deeds::count(app, Deed::FailToRefresh, from);
    }
    refreshed
}

async fn rotate(app: &App, request: &RefreshRequest, from: ClientAddress) -> Result<TokenPair> {
    let (token, now) = (request.refresh_token.as_str(), app.clock.now());
    let salt: [u8; 16] = secrets::random();
    let next = successor(app, &salt, token);
    let trace = Trace::of_address(from);
    let mut db = app.db().await?;
    let rotation = store::Rotation {
        hash: hash(app, token),
        salt,
        successor_hash: hash(app, &next),
        successor_expires_at: now + app.config.jwt.refresh_ttl,
        address: trace.address.clone(),
        now,
    };
    if let Some(live) = store::rotate(&mut db, &rotation).await? {
        return Ok(pair(app, live, next, now));
    }
    let spent = store::find_spent(&mut db, &rotation.hash, now).await?.ok_or_else(refused)?;
    if let Some(next) = repeated(app, &spent, token, now) {
        return Ok(pair(app, spent.live, next, now));
    }
    let (user_id, session_id) = (spent.live.user.id, spent.live.session_id);
    store::end_session(&mut db, user_id, session_id, EndedBecause::RefreshReuse, &trace, now).await?;
    drop(db);
    auth::forget(app, user_id);
    tracing::warn!(%session_id, "a refresh token came back after its use; its session is ended");
    Err(refused())
}

/// The successor again, if nobody has used it, and the token was not used long ago.
fn repeated(app: &App, spent: &Spent, token: &str, now: DateTime<Utc>) -> Option<String> {
    let next = successor(app, &spent.successor_salt, token);
    let is_fresh = now - spent.used_at <= REPEATABLE_FOR;
    let is_last = spent.last_hash.as_deref().is_some_and(|last| secrets::constant_time_eq(last, &hash(app, &next)));
    (is_fresh && is_last).then_some(next)
}

fn refused() -> Error {
    Reason::RefreshTokenRefused.because("log in again")
}

pub async fn log_out(by: &Auth<Anyone>) -> Result<()> {
    let session_id = by.session_id()?;
    let mut db = by.app().db().await?;
    store::end_session(&mut db, by.user_id(), session_id, EndedBecause::Logout, &Trace::default(), by.now()).await?;
    auth::forget(by.app(), by.user_id());
    Ok(())
}

pub async fn list(by: &Auth<Anyone>, after: Option<Cursor<Uuid>>, limit: Limit) -> Result<Page<Session>> {
    by.session_id()?;
    list_of(by, by.user_id(), after, limit).await
}

/// Also somebody else's, for who may see them.
pub async fn list_of<R>(
    by: &Auth<R>,
    user_id: Uuid,
    after: Option<Cursor<Uuid>>,
    limit: Limit,
) -> Result<Page<Session>> {
    let list = List::new("sessions", &user_id);
    let after = list.after(after)?.unwrap_or_default();
    let mut db = by.lists().await?;
    let listing = store::Listing {
        user_id,
        current: by.session_id().ok(),
        now: by.now(),
        idle_since: by.now() - by.app().config.jwt.refresh_ttl,
        after,
        limit,
    };
    let sessions = store::list_sessions(&mut db, &listing).await?;
    Ok(list.page(sessions, limit, |session| session.id))
}

pub async fn end(by: &Auth<Anyone>, session_id: Uuid) -> Result<()> {
    by.session_id()?;
    let mut db = by.app().db().await?;
    let (because, trace) = (EndedBecause::EndedByUser, Trace::default());
    let ended = store::end_session(&mut db, by.user_id(), session_id, because, &trace, by.now()).await?;
    if !ended {
        return Err(Error::NotFound("session"));
    }
    auth::forget(by.app(), by.user_id());
    Ok(())
}

pub async fn end_others(by: &Auth<Anyone>) -> Result<()> {
    let current = by.session_id()?;
    let mut db = by.app().db().await?;
    let because = EndedBecause::EndedByUser;
    let event = because.event(by.user_id(), None, &Trace::default(), by.now()).detail("all but one");
    store::end_sessions(&mut db, by.user_id(), Some(current), because, &event).await?;
    auth::forget(by.app(), by.user_id());
    Ok(())
}

/// For whoever looks into what happened.
const KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// Ends what nobody can use any more, and drops what ended long ago: nothing reads an ended session, and its row shows a
/// device and a network. Lines name it by its id alone, which leads to its login in the audit for half a year.
pub async fn sweep(db: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<u64> {
    let tokens = store::drop_used_tokens(db, now, most).await?;
    let expired = store::expire_sessions(db, now, most).await?;
    Ok(tokens + expired + store::drop_sessions(db, now - KEPT_FOR, most).await?)
}
