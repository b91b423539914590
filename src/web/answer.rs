//! Answers that carry an `ETag` (RFC 9110 section 8.8.3): the resource's version, a hyphen, and a hash of the body. The
//! version is for changes. The hash is for reads, as a body also shows what is no part of the resource's row (a place's
//! path, the caller's role), and two people share one address such as `/v1/me`.

use std::hash::{DefaultHasher, Hasher as _};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{extract::Json, json};
use crate::base::{error::Error, made::Made, version::Versioned};

/// 200 with the resource and its `ETag`.
pub struct Tagged<T>(pub T);

impl<T: Serialize + Versioned> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let body = match json::to_vec(&self.0) {
            Ok(body) => body,
            Err(cause) => return Error::Internal(cause.into()).into_response(),
        };
        let headers = [
            (header::ETAG, etag(self.0.version(), &body)),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            // A cache asks each time, and keeps nobody's answer for another.
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
            (header::VARY, HeaderValue::from_static("authorization")),
        ];
        (headers, body).into_response()
    }
}

/// 201 with what was made, or 200 with what was there before; and its `ETag`.
impl<T: Serialize + Versioned> IntoResponse for Made<T> {
    fn into_response(self) -> Response {
        let status = if self.is_new { StatusCode::CREATED } else { StatusCode::OK };
        (status, Tagged(self.resource)).into_response()
    }
}

/// 204.
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// RFC 6749 section 5.1: tokens are in nobody's cache.
pub type Unstored<T> = ([(HeaderName, &'static str); 1], Json<T>);

pub fn unstored<T>(body: T) -> Unstored<T> {
    ([(header::CACHE_CONTROL, "no-store")], Json(body))
}

/// Another release may hash in another way: then a reader gets the body once more.
fn etag(version: i32, body: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    let tag = format!("\"{version}-{:016x}\"", hasher.finish());
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}
