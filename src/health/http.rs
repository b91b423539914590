#![expect(clippy::disallowed_types, reason = "open routes: what they answer is nobody's secret")]

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::readiness::{self, Health};
use crate::{
    base::error::Error,
    platform::{app::App, telemetry},
    web,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_liveness))
        .routes(routes!(get_readiness))
        .routes(routes!(get_jwks))
        .routes(routes!(get_metrics))
        .routes(routes!(list_problems))
        .routes(routes!(get_problem))
        .route("/", get(async || Redirect::temporary("/docs")))
}

/// Check that the process is up
#[utoipa::path(get, path = "/health/live", tag = "system", security(()), responses((status = 200, body = Health), web::Failures))]
async fn get_liveness() -> web::Json<Health> {
    web::Json(Health::alive())
}

/// Check that it can serve
///
/// 200 while the database answers; `degraded` when Redis or a provider of codes is away, which only logging in needs.
/// 503 without the database; `services` says what is away.
#[utoipa::path(get, path = "/health/ready", tag = "system", security(()),
    responses((status = 200, body = Health), web::Failures))]
async fn get_readiness(State(app): State<App>) -> Result<web::Json<Health>, web::Problem> {
    let health = readiness::look(&app).await?;
    if health.can_serve() { Ok(web::Json(health)) } else { Err(web::Problem::away(health.services())) }
}

/// List the public keys of the access tokens
///
/// A JWK set (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "system", security(()),
    responses((status = 200, body = crate::base::tokens::JwkSet, description = "A JWK set"), web::Failures))]
async fn get_jwks(State(app): State<App>) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], web::Json(app.tokens.jwks())).into_response()
}

/// Read the metrics
///
/// Prometheus text; only on `METRICS_ADDR` when that is set.
#[utoipa::path(get, path = "/metrics", tag = "system", security(()),
    responses((status = 200, body = String, content_type = "text/plain"), web::Failures))]
async fn get_metrics(State(app): State<App>) -> Result<String, Error> {
    if app.config.metrics_addr.is_some() { Err(Error::NotFound("metrics")) } else { Ok(telemetry::render()) }
}

/// A problem type.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"type": "/problems/stale", "status": 412, "title": "It has changed since you read it",
    "help": "Read it again, and send its new ETag as If-Match."}))]
struct ProblemType {
    r#type: String,
    status: u16,
    title: &'static str,
    /// What it means and what to do.
    help: &'static str,
}

impl From<web::Kind> for ProblemType {
    fn from(kind: web::Kind) -> Self {
        let (title, help) = (kind.title, kind.help);
        Self { r#type: format!("/problems/{}", kind.slug), status: kind.status.as_u16(), title, help }
    }
}

/// List the problem types
///
/// A page; as JSON for whoever accepts `application/json` and not `text/html`.
#[utoipa::path(get, path = "/problems", tag = "system", security(()),
    responses((status = 200, description = "All problem types",
        content((Vec<ProblemType> = "application/json"), (String = "text/html"))), web::Failures))]
async fn list_problems(headers: HeaderMap) -> Response {
    if wants_json(&headers) {
        let mut types: Vec<ProblemType> = web::kinds().map(ProblemType::from).collect();
        types.sort_unstable_by(|a, b| a.r#type.cmp(&b.r#type));
        return web::Json(types).into_response();
    }
    let mut kinds: Vec<_> = web::kinds().collect();
    kinds.sort_unstable_by_key(|kind| kind.slug);
    let row = |kind: &web::Kind| {
        let (slug, status, title) = (kind.slug, kind.status.as_u16(), plain(kind.title));
        format!("<tr><td>{status}<td><a href=\"/problems/{slug}\">{slug}</a><td>{title}")
    };
    let rows: String = kinds.iter().map(row).collect();
    page("Problem types", &format!("<table><tr><th>Status<th>Type<th>Title{rows}</table>"))
}

/// Read about a problem type
///
/// The page to which the `type` of a problem leads: what it means and what to do.
#[utoipa::path(get, path = "/problems/{slug}", tag = "system", security(()),
    params(("slug" = String, Path, description = "The last part of the `type`", example = "not-found")),
    responses((status = 200, description = "What it means",
        content((ProblemType = "application/json"), (String = "text/html"))), web::Failures))]
async fn get_problem(web::Path(slug): web::Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    let kind = web::kinds().find(|kind| kind.slug == slug).ok_or(Error::NotFound("problem type"))?;
    if wants_json(&headers) {
        return Ok(web::Json(ProblemType::from(kind)).into_response());
    }
    let (help, status) = (plain(kind.help), kind.status);
    let text = format!("<p>{help}</p><p>HTTP status {status}</p><p><a href=\"/problems\">All problem types</a></p>");
    Ok(page(kind.title, &text))
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accepted.contains("json") && !accepted.contains("text/html")
}

/// Text in HTML; what stands in backticks is code.
fn plain(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts = text.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}

fn page(title: &str, content: &str) -> Response {
    let title = plain(title);
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
        content=\"width=device-width\"><title>{title}</title>\
        <body style=\"font-family: sans-serif; max-width: 45em; margin: 3em auto; padding: 0 1em\">\
        <h1>{title}</h1>{content}</body></html>"
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::VARY, "accept")], page).into_response()
}
