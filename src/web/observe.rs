//! Gives every request an id, a span for its log lines, and metrics by route. The path itself, which has ids and
//! scanned codes, and the body are never recorded.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    base::ids::RequestId,
    platform::{app::App, telemetry::traces},
};

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Every request gets an id of ours; a client could send anything under that name.
#[expect(clippy::disallowed_types, reason = "a layer, for the clock")]
pub async fn observe(
    axum::extract::State(app): axum::extract::State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let start = Instant::now();
    let request_id = RequestId::new(app.clock.now());
    let mut text = Uuid::encode_buffer();
    let id = &*request_id.uuid().hyphenated().encode_lower(&mut text);
    let header = HeaderValue::from_str(id).unwrap_or_else(|_| unreachable!("a UUID is ASCII"));
    request.headers_mut().insert(X_REQUEST_ID, header.clone());
    request.extensions_mut().insert(request_id);
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", method, route, id);

    let is_traced = app.config.otlp_endpoint.is_some();
    if is_traced {
        traces::begin(&span, method, &route, request.headers());
    }

    let mut response = next.run(request).instrument(span.clone()).await;
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, header);
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));

    let (status, elapsed) = (response.status(), start.elapsed());
    if is_traced {
        traces::end(&span, status.as_u16());
    }
    let _in_span = span.enter();
    tracing::debug!(status = status.as_u16(), ms = elapsed.as_millis(), "answered");
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.as_str().to_owned())];
    metrics::histogram!("http_server_request_duration_seconds", &labels).record(elapsed);
    response
}

/// One of a fixed list: a client may invent methods, and each label of a metric is kept for ever.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
