//! Conditions on an `ETag` (RFC 9110 section 13): the version that was read, a hyphen, and a hash of what was read. A
//! change asks for the version alone, and takes it without the rest. A tag that a proxy has weakened counts as the
//! strong one, because every change of what is shown makes a new tag.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, OptionalFromRequestParts, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{catalogue::general, idempotency::MAX_BODY, problem::Problem};
use crate::base::error::Field;

/// The version that the caller read, from `If-Match`; none for `*`, any version. A handler that takes this as an
/// argument requires the header (RFC 6585 section 3).
pub struct IfMatch(pub Option<i32>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let header = parts.headers.get(header::IF_MATCH).ok_or_else(|| Problem::new(general::IF_MATCH_REQUIRED))?;
        let said = header.to_str().unwrap_or_default().trim();
        if said == "*" {
            return Ok(Self(None));
        }
        let tag = opaque(said).ok_or_else(|| {
            let example = said.parse::<i32>().map_or_else(|_| "\"2\"".to_owned(), |version| format!("\"{version}\""));
            let detail = format!("must be `*` or an ETag in double quotes: quote it, as in {example}");
            Problem::new(general::INVALID).errors(vec![Field::new("If-Match", detail)])
        })?;
        // A tag that this server never made matches nothing.
        let version = tag.split_once('-').map_or(tag, |(version, _)| version);
        version.parse().map(|version| Self(Some(version))).map_err(|_| Problem::new(general::STALE))
    }
}

/// For a resource that may not exist yet.
impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}

/// What stands in the quotes of a tag, weak or not.
fn opaque(tag: &str) -> Option<&str> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"').filter(|tag| !tag.contains('"'))
}

/// The tags that a header lists. No tag of ours contains a comma.
fn tags(headers: &HeaderMap, name: &header::HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// No client has read more versions than this.
const MOST_TAGS: usize = 10;

/// Answers 304 to a reader who has the newest version, and lets a change through when one of its tags matches.
pub async fn conditions(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if *request.method() == Method::GET && headers.contains_key(header::IF_NONE_MATCH) {
        let known = tags(headers, &header::IF_NONE_MATCH);
        return unless_known(next.run(request).await, &known);
    }
    if headers.contains_key(header::IF_MATCH) {
        let read = tags(headers, &header::IF_MATCH);
        if read.len() > 1 {
            return any_of(&read, request, next).await;
        }
    }
    next.run(request).await
}

fn unless_known(mut response: Response, known: &[String]) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let tag = response.headers().get(header::ETAG).and_then(|tag| opaque(tag.to_str().ok()?)).map(str::to_owned);
    let Some(tag) = tag.filter(|tag| known.iter().any(|it| it == "*" || opaque(it) == Some(tag))) else {
        return response;
    };
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING] {
        response.headers_mut().remove(name);
    }
    let (parts, _) = response.into_parts();
    drop(tag);
    (StatusCode::NOT_MODIFIED, parts.headers).into_response()
}

/// Tries one tag after the other: a change whose version does not match changes nothing.
async fn any_of(read: &[String], request: Request, next: Next) -> Response {
    let wrong = read.iter().any(|tag| opaque(tag).is_none());
    if wrong || read.len() > MOST_TAGS {
        let detail = format!("must be `*` or at most {MOST_TAGS} ETags, each in double quotes");
        return Problem::new(general::INVALID).errors(vec![Field::new("If-Match", detail)]).into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body): Result<Bytes, _> = axum::body::to_bytes(body, MAX_BODY).await else {
        return Problem::new(general::TOO_LARGE).into_response();
    };
    let mut answer = Problem::new(general::STALE).into_response();
    for tag in read {
        let Ok(tag) = HeaderValue::try_from(tag) else { continue };
        let mut parts = parts.clone();
        parts.headers.insert(header::IF_MATCH, tag);
        answer = next.clone().run(Request::from_parts(parts, Body::from(body.clone()))).await;
        if answer.status() != StatusCode::PRECONDITION_FAILED {
            break;
        }
    }
    answer
}
