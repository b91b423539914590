//! Files that people send as the body of a request. They have limits of their own, and go by the layer of repeats: the
//! id that a client gives, with the SHA-256 of the bytes, makes a repeat safe.
//!
//! A body is read as a stream, and is whole or refused: nothing is stored of one that breaks off.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{Context, SHA256};
use axum::{
    body::Body,
    extract::{FromRequest, MatchedPath, Request},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt as _;
use moka::sync::Cache;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use uuid::Uuid;

use super::{catalogue::general, digests::Digests, problem::Problem};
use crate::{auth::Auth, base::error::Error};

/// 25 MiB.
pub const MAX_UPLOAD: usize = 25 * 1024 * 1024;
/// The routes whose POST takes a file.
pub const ROUTES: [&str; 1] = ["/v1/labs/{lab_id}/imports"];
/// So much takes 25 MiB over a slow line.
const LONGEST: Duration = Duration::from_mins(5);
/// Between two parts of a body.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// In one process; each may have its whole body in memory.
const AT_ONCE: usize = 12;
const OF_ONE_PERSON: usize = 3;
const LONGEST_WAIT: Duration = Duration::from_secs(10);

pub(super) fn is_upload(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    request.method() == Method::POST && route.is_some_and(|route| ROUTES.contains(&route.as_str()))
}

/// A request that takes longer is a 408.
#[expect(clippy::disallowed_types, reason = "a layer, for the limit")]
pub async fn in_time(
    axum::extract::State(longest): axum::extract::State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    let longest = if is_upload(&request) { LONGEST.max(longest) } else { longest };
    timeout(longest, next.run(request)).await.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

/// A file, as it came.
pub struct Upload {
    pub bytes: Vec<u8>,
    pub sha256: [u8; 32],
}

/// A file that is on its way. A handler takes it last, so that nobody's bytes are read who may not send any.
pub struct Incoming(Request);

impl<S: Send + Sync> FromRequest<S> for Incoming {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(request))
    }
}

impl Incoming {
    /// All of it, if it is of one of these types.
    pub async fn receive<R>(self, by: &Auth<R>, types: &[&str]) -> Result<Upload, Problem> {
        let (parts, body) = self.0.into_parts();
        check_type(&parts.headers, types)?;
        let digests = Digests::of(&parts.headers)?;
        let length = length(&parts.headers)?;
        let _places = places(by).await?;
        let upload = read(body, length).await?;
        digests.check(&upload.sha256)?;
        Ok(upload)
    }
}

fn check_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Problem> {
    let said = |name| headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap_or_default().trim());
    let essence = said(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).map(str::trim);
    let is_known = essence.is_some_and(|essence| types.iter().any(|known| known.eq_ignore_ascii_case(essence)));
    let is_plain = said(header::CONTENT_ENCODING).is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    match (is_known, is_plain) {
        (false, _) => Err(Problem::new(general::MEDIA_TYPE).detail(format!("send it as {}", types.join(", ")))),
        (true, false) => Err(Problem::new(general::MEDIA_TYPE).detail("send it without Content-Encoding")),
        (true, true) => Ok(()),
    }
}

/// What the head says of it.
fn length(headers: &HeaderMap) -> Result<Option<usize>, Problem> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if said.is_some_and(|length| length > MAX_UPLOAD) { Err(too_large()) } else { Ok(said) }
}

fn too_large() -> Problem {
    Problem::new(general::TOO_LARGE).detail("a file has at most 25 MiB: send it in parts, each with the header")
}

async fn read(mut body: Body, length: Option<usize>) -> Result<Upload, Problem> {
    let (mut bytes, mut hash) = (Vec::with_capacity(length.unwrap_or_default()), Context::new(&SHA256));
    while let Some(frame) = timeout(LONGEST_PAUSE, body.frame()).await.map_err(|_| Problem::new(general::TIMED_OUT))? {
        let frame = frame.map_err(|_| Problem::new(general::MALFORMED).detail("the body ended before its end"))?;
        let Ok(part) = frame.into_data() else { continue };
        if bytes.len() + part.len() > MAX_UPLOAD {
            return Err(too_large());
        }
        hash.update(&part);
        bytes.extend_from_slice(&part);
    }
    if let Some(length) = length.filter(|length| *length != bytes.len()) {
        let detail = format!("the body has {} bytes, and Content-Length says {length}", bytes.len());
        return Err(Problem::new(general::MALFORMED).detail(detail));
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hash.finish().as_ref());
    Ok(Upload { bytes, sha256 })
}

/// How many files may be on their way at a time.
struct Places {
    all: Arc<Semaphore>,
    of: Cache<Uuid, Arc<Semaphore>>,
}

impl Default for Places {
    fn default() -> Self {
        // Longer than one is under way, so that places that somebody has are not forgotten.
        let of = Cache::builder().max_capacity(100_000).time_to_idle(2 * LONGEST).build();
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), of }
    }
}

/// The person's own first, so that whoever sends many takes nobody's place.
async fn places<R>(by: &Auth<R>) -> Result<[OwnedSemaphorePermit; 2], Error> {
    let places = by.app().part(|_| Places::default());
    let own = places.of.get_with(by.user_id(), || Arc::new(Semaphore::new(OF_ONE_PERSON)));
    let waiting = async { Some([own.acquire_owned().await.ok()?, places.all.clone().acquire_owned().await.ok()?]) };
    let places = timeout(LONGEST_WAIT, waiting).await.ok().flatten();
    places.ok_or(Error::RateLimited { retry_after: LONGEST_WAIT })
}
