//! What is told of every request: a span for its log lines, and its count and time by route. Never the path itself,
//! which holds ids and scanned codes, nor anything of the body.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

pub async fn observe(request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!("request", method, route, id);
    let start = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let (status, elapsed) = (response.status(), start.elapsed());
    let _in_span = span.enter();
    tracing::debug!(status = status.as_u16(), ms = elapsed.as_millis(), "answered");
    let labels = [("method", method), ("route", route), ("status", status.as_str().to_owned())];
    metrics::histogram!("http_server_request_duration_seconds", &labels).record(elapsed);
    response
}
