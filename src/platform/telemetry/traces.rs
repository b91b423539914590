//! Traces by OTLP over HTTP, where `OTEL_EXPORTER_OTLP_ENDPOINT` says to whom. A span tells of a request what its log
//! line does: method, route, status, id. An app that sends `traceparent` sees it as a part of its own trace.

use anyhow::Context as _;
use axum::http::HeaderMap;
use opentelemetry::{
    propagation::{Extractor, TextMapPropagator as _},
    trace::{Status, TracerProvider as _},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, Tracer},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// What sends the spans; what is left of them goes out when it is dropped.
pub struct Traces(SdkTracerProvider);

impl Traces {
    pub fn to(endpoint: &str) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            // The OpenTelemetry specification: the variable holds the base of all signals.
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_headers(std::collections::HashMap::new())
            .build()
            .context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        let resource = Resource::builder_empty()
            .with_attributes([
                opentelemetry::KeyValue::new("service.name", "chemstock"),
                opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    pub fn tracer(&self) -> Tracer {
        self.0.tracer("chemstock")
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(cause) = self.0.shutdown() {
            tracing::warn!(%cause, "the last traces were not sent");
        }
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Names the span as the semantic conventions for HTTP servers do, below the caller's own (W3C Trace Context).
pub fn begin(span: &Span, method: &'static str, route: &str, headers: &HeaderMap) {
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    // It fails only for a span that nobody records.
    drop(span.set_parent(parent));
    span.set_attribute("otel.name", format!("{method} {route}"));
    span.set_attribute("http.request.method", method);
    span.set_attribute("http.route", route.to_owned());
}

pub fn end(span: &Span, status: u16) {
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}
