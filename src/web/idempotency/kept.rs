//! An answer that is kept for the repeats of its request: sealed in the database, and to the byte.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header, response::Parts},
    response::Response,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

use super::REPLAYED;
use crate::{
    base::error::{Error, Result},
    platform::app::App,
};

/// Status, headers and body.
type Answer = (u16, Vec<(String, String)>, Kept);

/// The body of an answer, to the byte.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Text(String),
    Binary { base64: String },
}

impl Kept {
    fn new(body: &[u8]) -> Self {
        match std::str::from_utf8(body) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Binary { base64: BASE64_STANDARD.encode(body) },
        }
    }

    fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.into_bytes()),
            Self::Binary { base64 } => BASE64_STANDARD.decode(base64).ok(),
        }
    }
}

/// The headers that belong to the body rather than to this try.
const KEPT_HEADERS: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::LOCATION,
    header::WWW_AUTHENTICATE,
    header::CACHE_CONTROL,
    header::VARY,
];

pub fn seal(app: &App, id: &[u8], parts: &Parts, body: &[u8]) -> Result<Vec<u8>> {
    let headers =
        KEPT_HEADERS.iter().filter_map(|name| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.into())));
    let answer: Answer = (parts.status.as_u16(), headers.collect(), Kept::new(body));
    let plain = serde_json::to_vec(&answer).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(app.secret.seal("idempotency answer", &plain, id))
}

pub fn replay(app: &App, id: &[u8], sealed: &[u8], request_id: Option<&HeaderValue>) -> Result<Response> {
    let lost = || Error::Internal(anyhow::anyhow!("a kept answer cannot be opened; has SECRET_KEY changed?"));
    let plain = app.secret.open("idempotency answer", sealed, id).ok_or_else(lost)?;
    let (status, headers, body): Answer = serde_json::from_slice(&plain).map_err(|_| lost())?;
    let status = StatusCode::from_u16(status).map_err(|_| lost())?;
    let body = body.into_bytes().ok_or_else(lost)?;
    let body = if status.is_success() { body } else { of_this_time(&body, request_id).ok_or_else(lost)? };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|_| lost())?;
        response.headers_mut().insert(name, HeaderValue::try_from(value).map_err(|_| lost())?);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// A kept problem with the id of the present request: the id that a person who reports it sees.
fn of_this_time(problem: &[u8], request_id: Option<&HeaderValue>) -> Option<Vec<u8>> {
    let mut problem: serde_json::Map<_, _> = serde_json::from_slice(problem).ok()?;
    problem.insert("instance".to_owned(), request_id?.to_str().ok()?.into());
    serde_json::to_vec(&problem).ok()
}
