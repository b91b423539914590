//! Extractors that refuse with a problem and say where: a JSON pointer into the body, or the parameter's name.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_path_to_error::Segment;

use super::{catalogue::general, json, problem::Problem};
use crate::error::{Error, Field};

/// A JSON body, in or out.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        if !is_json(&request) {
            return Err(Problem::new(general::MEDIA_TYPE).into_response());
        }
        // Its rejection keeps its own status: 413 for a body over the limit.
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        parse(&body).map(Self).map_err(IntoResponse::into_response)
    }
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

/// A body that is not JSON is 400; JSON that is not what the operation takes is 422. Both say where.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        let kind = if cause.is_data() { general::INVALID } else { general::MALFORMED };
        Problem::new(kind).errors(vec![Field::new(pointer, without_position(&cause))])
    })?;
    match deserializer.end() {
        Ok(()) => Ok(value),
        Err(cause) => Err(Problem::new(general::MALFORMED).errors(vec![Field::new("", cause.to_string())])),
    }
}

/// The pointer says where a wrong value stands; only broken JSON needs the line and column too.
fn without_position(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    match text.rfind(" at line ") {
        Some(end) if cause.is_data() => without_value(&text[..end]),
        _ => text,
    }
}

/// serde quotes what it was sent, and that may be a code or a phone in the wrong place: only what it wanted is told.
fn without_value(text: &str) -> String {
    let kinds = ["invalid type", "invalid value", "unknown variant"];
    let kind = kinds.into_iter().find(|kind| text.starts_with(kind));
    match kind.zip(text.rsplit_once(", expected ")) {
        Some((kind, (_, expected))) => format!("{kind}, expected {expected}"),
        None => text.to_owned(),
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Map { key } => pointer + "/" + &key.replace('~', "~0").replace('/', "~1"),
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
            Err(cause) => Error::Internal(cause.into()).into_response(),
        }
    }
}

/// The query string.
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // `?cursor=` means no cursor, as a form sends it.
        let said = parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.ends_with('='));
        let said = said.collect::<Vec<_>>().join("&");
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(said.as_bytes()));
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| {
            let name = format!("?{}", error.path());
            Problem::new(general::INVALID)
                .errors(vec![Field::new(name, without_value(&error.into_inner().to_string()))])
        })
    }
}

/// The variables of the path. A path that cannot name anything names nothing: 404.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[expect(clippy::disallowed_types, reason = "this is the wrapper")]
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0))
            .map_err(|rejection| Problem::new(general::NOT_FOUND).detail(rejection.body_text()))
    }
}

/// The version that the caller read, from `If-Match`: required where it is an argument (RFC 6585 section 3). `*` is any.
pub struct IfMatch(pub Option<i32>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let header = parts.headers.get(header::IF_MATCH).ok_or_else(|| Problem::new(general::IF_MATCH_REQUIRED))?;
        let tag = header.to_str().unwrap_or_default().trim();
        if tag == "*" {
            return Ok(Self(None));
        }
        let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| tag.parse().ok());
        // A tag that we never gave matches nothing.
        version.map(|version| Self(Some(version))).ok_or_else(|| Problem::new(general::STALE))
    }
}
