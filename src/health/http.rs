#![expect(clippy::disallowed_types, reason = "open routes: what they answer is nobody's secret")]

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::readiness::{self, Health};
use crate::{app::App, error::Error, telemetry, web};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_liveness))
        .routes(routes!(get_readiness))
        .routes(routes!(get_jwks))
        .routes(routes!(get_metrics))
        .routes(routes!(get_problem))
        .route("/", get(async || Redirect::temporary("/docs")))
}

/// Is the process up?
#[utoipa::path(get, path = "/health/live", tag = "system", security(()), responses((status = 200, body = Health), web::Failures))]
async fn get_liveness() -> web::Json<Health> {
    web::Json(Health::alive())
}

/// Can it serve?
///
/// 200 while the database answers; `degraded` when Redis or a provider of codes is away, which only logging in needs.
/// 503 without the database; `services` says what is away.
#[utoipa::path(get, path = "/health/ready", tag = "system", security(()),
    responses((status = 200, body = Health), web::Failures))]
async fn get_readiness(State(app): State<App>) -> Result<web::Json<Health>, web::Problem> {
    let health = readiness::look(&app).await?;
    if health.can_serve() { Ok(web::Json(health)) } else { Err(web::Problem::away(health.services())) }
}

/// The public keys of the access tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "system", security(()),
    responses((status = 200, body = serde_json::Value, description = "A JWK set"), web::Failures))]
async fn get_jwks(State(app): State<App>) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=300")], web::Json(app.tokens.jwks())).into_response()
}

/// Metrics in Prometheus text. Only on `METRICS_ADDR` when that is set.
#[utoipa::path(get, path = "/metrics", tag = "system", security(()),
    responses((status = 200, body = String, content_type = "text/plain"), web::Failures))]
async fn get_metrics(State(app): State<App>) -> Result<String, Error> {
    if app.config.metrics_addr.is_some() { Err(Error::NotFound("metrics")) } else { Ok(telemetry::render()) }
}

/// What a problem type means and what to do: the page behind a problem's `type`.
#[utoipa::path(get, path = "/problems/{slug}", tag = "system", security(()),
    params(("slug", example = "not-found")),
    responses((status = 200, body = String, content_type = "text/html"), web::Failures))]
async fn get_problem(web::Path(slug): web::Path<String>) -> Result<Response, Error> {
    let kind = web::kinds().find(|kind| kind.slug == slug).ok_or(Error::NotFound("problem type"))?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
        <body style=\"font-family: sans-serif; max-width: 40em; margin: 3em auto\">\
        <h1>{title}</h1><p>{help}</p><p>HTTP status {status}</p></body></html>",
        title = kind.title,
        help = kind.help,
        status = kind.status,
    );
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}
