#![expect(clippy::disallowed_types, reason = "open routes: what they answer is nobody's secret")]

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

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

#[derive(Serialize, ToSchema)]
struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "ok")]
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'static str>,
    /// Where codes and limits are kept; absent where that is in memory.
    #[schema(example = "ok")]
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<&'static str>,
}

/// Is the process up?
#[utoipa::path(get, path = "/health/live", tag = "system", security(()), responses((status = 200, body = Health), web::Failures))]
async fn get_liveness() -> web::Json<Health> {
    web::Json(Health { status: "ok", database: None, redis: None })
}

/// Can it serve? Asks the database, and Redis where there is one.
#[utoipa::path(get, path = "/health/ready", tag = "system", security(()),
    responses((status = 200, body = Health), web::Failures))]
async fn get_readiness(State(app): State<App>) -> Response {
    match ping(&app).await {
        Ok(health) => web::Json(health).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn ping(app: &App) -> Result<Health, Error> {
    sqlx::query_scalar!("select 1").fetch_one(&mut *app.db().await?).await?;
    let redis = match &app.redis {
        Some(redis) => Some(redis.ready().await.map(|()| "ok")?),
        None => None,
    };
    Ok(Health { status: "ok", database: Some("ok"), redis })
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
    if app.config.metrics_addr.is_some() { Err(Error::NotFound("metrics")) } else { Ok(telemetry::install().render()) }
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
