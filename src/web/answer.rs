//! Answers that carry the resource's version as `ETag` (RFC 9110 section 8.8.3).

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::extract::Json;
use crate::base::version::Versioned;

/// 200 with the resource and its `ETag`.
pub struct Tagged<T>(pub T);

impl<T: Serialize + Versioned> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let tag = etag(&self.0);
        ([(header::ETAG, tag)], Json(self.0)).into_response()
    }
}

/// 201 with the resource and its `ETag`.
pub struct Created<T>(pub T);

impl<T: Serialize + Versioned> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Tagged(self.0)).into_response()
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

fn etag(resource: &impl Versioned) -> HeaderValue {
    HeaderValue::try_from(format!("\"{}\"", resource.version())).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}
