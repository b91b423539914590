//! Answers a repeat of a POST with the same `Idempotency-Key` (the IETF draft of that name) with the first answer,
//! without doing it twice. The same key with another request is 422, and 409 while the first still runs. Kept for a
//! day.
//!
//! The work and the record of its answer are two commits. A crash between them leaves a key without an answer. Its
//! repeat runs again with the same ids ([`crate::base::ids::Seed`]), so it meets what the first try made. It may run as
//! soon as the lease of the first try is over; a running request renews its lease every few seconds.
//!
//! The layer also writes the body of every failure: before it is kept, and of its own refusals.

mod kept;
mod store;

use std::time::Duration;

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tracing::Instrument as _;

use super::{
    catalogue::general,
    observe::X_REQUEST_ID,
    problem::{Problem, finish},
    upload::is_upload,
};
use crate::{
    auth,
    base::{
        error::{self, Error, Field, Reason},
        ids::Seed,
    },
    platform::app::App,
};

pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const LOCKED_FOR: TimeDelta = TimeDelta::seconds(10);
const RENEWED_EVERY: Duration = Duration::from_secs(3);
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
pub const MAX_BODY: usize = 1024 * 1024;
/// As long as a handler may wait for a body.
const BODY_WITHIN: Duration = Duration::from_secs(30);

#[expect(clippy::disallowed_types, reason = "a layer, not a route; it finds out itself who is calling")]
pub async fn layer(axum::extract::State(app): axum::extract::State<App>, request: Request, next: Next) -> Response {
    let request_id = request.headers().get(X_REQUEST_ID).cloned();
    // Without a route nothing can be done twice; an upload is told from another by its id and its bytes.
    let is_repeatable = request.extensions().get::<MatchedPath>().is_some() && !is_upload(&request);
    if request.method() != Method::POST || !is_repeatable || !request.headers().contains_key(HEADER) {
        return finish(next.run(request).await, request_id.as_ref());
    }
    // In a task of its own, so that work and record are finished when the client hangs up in between.
    let work = tokio::spawn(once(app, request, next).in_current_span());
    let response = match work.await {
        Ok(Ok(response)) => response,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => Problem::new(general::INTERNAL).into_response(),
    };
    finish(response, request_id.as_ref())
}

async fn once(app: App, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(who) = scope(&app, request.headers()).await? else {
        // The handler says why this caller is refused.
        return Ok(next.run(request).await);
    };
    let key = key(request.headers())?;
    let (mut parts, body) = request.into_parts();
    let body = tokio::time::timeout(BODY_WITHIN, Limited::new(body, MAX_BODY).collect())
        .await
        .map_err(|_| Problem::new(general::TIMED_OUT))?
        .map_err(|cause| unreadable(&*cause))?
        .to_bytes();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let fingerprint = app.secret.mac("idempotency fingerprint", &[target.as_bytes(), &body]);
    // Clients without a token share one name space, and each may have chosen the key "1".
    let own: &[u8] = if who.is_empty() { &fingerprint } else { &who };
    let id = app.secret.mac("idempotency id", &[own, key.as_bytes()]);

    let now = app.clock.now();
    let claim = match claim(&app, &id, &fingerprint, now).await? {
        Claim::Ours { started_at } => started_at,
        Claim::Answered(answer) => {
            return Ok(kept::replay(&app, &id, &answer, parts.headers.get(X_REQUEST_ID))?);
        }
        Claim::Running { for_seconds } => {
            let refusal = Reason::StillRunning.because("the first try is still running, or was cut off");
            return Err(Problem::from(refusal).retry_after(for_seconds));
        }
        Claim::Refused(refusal) => return Err(refusal.into()),
    };
    parts.extensions.insert(Seed::new(claim, app.secret.mac("idempotency ids", &[&id])));
    let request_id = parts.headers.get(X_REQUEST_ID).cloned();
    let work = next.run(Request::from_parts(parts, Body::from(body)));
    let response = finish(with_lease(&app, &id, work).await, request_id.as_ref());
    let then = Then::after(response.status(), who.is_empty());
    remember(&app, &id, response, then).await
}

fn unreadable(cause: &(dyn std::error::Error + 'static)) -> Problem {
    if cause.is::<LengthLimitError>() {
        return Problem::new(general::TOO_LARGE);
    }
    Problem::new(general::MALFORMED).detail("the body ended before its end")
}

/// Runs the work, and renews the lease of its key meanwhile.
async fn with_lease(app: &App, id: &[u8], work: impl Future<Output = Response>) -> Response {
    let renewing = async {
        loop {
            tokio::time::sleep(RENEWED_EVERY).await;
            if let Err(cause) = renew(app, id).await {
                tracing::warn!(%cause, "the lease of a repeatable request was not renewed");
            }
        }
    };
    tokio::select! { response = work => response, () = renewing => unreachable!("it renews for ever") }
}

async fn renew(app: &App, id: &[u8]) -> error::Result<()> {
    let until = app.clock.now() + LOCKED_FOR;
    store::set_lease(&mut *app.db().await?, id, until).await
}

/// What becomes of a key when its request has been answered.
enum Then {
    /// A repeat gets this answer.
    Keep,
    /// A repeat of this request runs again, with the same ids: the work may stand although its answer says otherwise,
    /// as where the connection to Postgres breaks at the commit.
    RunAgain,
    /// Nothing was done.
    Free,
}

impl Then {
    /// Anybody can cause any number of failures without a token, so of those nothing is kept; a login knows its repeat
    /// by the nonce of its [`Seed`], which needs no row.
    fn after(status: StatusCode, is_anonymous: bool) -> Self {
        match status {
            _ if status.is_success() => Self::Keep,
            _ if is_anonymous => Self::Free,
            StatusCode::TOO_MANY_REQUESTS => Self::Free,
            // The same request may succeed after a new login, with another role, or when something else has changed.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::CONFLICT => {
                Self::Free
            }
            StatusCode::REQUEST_TIMEOUT => Self::RunAgain,
            _ if status.is_server_error() => Self::RunAgain,
            _ => Self::Keep,
        }
    }
}

/// The name space of the key: a user's own, or (empty) that of all callers without a token. None for a caller who is
/// refused, who does nothing that could be done twice. Whoever cannot be looked up now comes again: without the name
/// space of the first try, a repeat would be a second one.
async fn scope(app: &App, headers: &HeaderMap) -> error::Result<Option<Vec<u8>>> {
    match auth::identify(app, headers).await {
        Ok((caller, _)) => Ok(Some(caller.user_id.as_bytes().to_vec())),
        // An app may send its dead token to an open route: there it counts as no token.
        Err(Error::NoToken | Error::BadToken(_)) => Ok(Some(Vec::new())),
        Err(Error::Rejected(_) | Error::Forbidden(_) | Error::Invalid(_)) => Ok(None),
        Err(away) => Err(away),
    }
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let key =
        headers.get(HEADER).and_then(|value| value.to_str().ok()).map(|key| key.trim_matches('"')).unwrap_or_default();
    if (1..=255).contains(&key.len()) {
        return Ok(key.to_owned());
    }
    let field = Field::new("Idempotency-Key", "must have 1 to 255 printable ASCII characters; a UUID will do");
    Err(Problem::new(general::INVALID).errors(vec![field]))
}

enum Claim {
    Ours {
        started_at: DateTime<Utc>,
    },
    Answered(Vec<u8>),
    /// Another try runs; its lease ends in so many seconds unless it is renewed.
    Running {
        for_seconds: u64,
    },
    Refused(Error),
}

async fn claim(app: &App, id: &[u8], fingerprint: &[u8], now: DateTime<Utc>) -> Result<Claim, Problem> {
    let mut db = app.db().await?;
    let ours = store::claim(&mut db, id, fingerprint, now, now + LOCKED_FOR).await?;
    if let Some(started_at) = ours {
        return Ok(Claim::Ours { started_at });
    }
    Ok(match store::find(&mut db, id).await? {
        Some(earlier) if earlier.fingerprint != fingerprint => Claim::Refused(
            Reason::IdempotencyKeyReused
                .at("Idempotency-Key", "the first request with this key had another path or body"),
        ),
        Some(earlier) if earlier.answer.is_some() => Claim::Answered(earlier.answer.unwrap_or_default()),
        Some(earlier) => Claim::Running { for_seconds: seconds_until(earlier.locked_until, now) },
        // The first try failed just now, and its key is free.
        None => Claim::Running { for_seconds: 1 },
    })
}

fn seconds_until(end: DateTime<Utc>, now: DateTime<Utc>) -> u64 {
    u64::try_from((end - now).num_milliseconds()).unwrap_or(0) / 1000 + 1
}

/// Keeps the answer, or lets the request be tried again.
async fn remember(app: &App, id: &[u8], response: Response, then: Then) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|cause| Error::Internal(anyhow::anyhow!(cause)))?.to_bytes();
    let mut db = app.db().await?;
    match then {
        Then::Keep => store::keep(&mut db, id, &kept::seal(app, id, &parts, &body)?).await?,
        Then::RunAgain => store::set_lease(&mut db, id, DateTime::UNIX_EPOCH).await?,
        Then::Free => store::free(&mut db, id).await?,
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Background step: drops what is older than a day.
pub async fn sweep(app: App) -> error::Result<usize> {
    let swept = store::drop_old(&mut *app.db().await?, app.clock.now() - KEPT_FOR).await?;
    Ok(usize::try_from(swept).unwrap_or(usize::MAX))
}
