//! The table of contents of the API, its document, and the layers around it: the only file that knows all features.

use std::time::Duration;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    catalogue::chemicals,
    exchange::{exports, imports},
    health, jobs, journal, messages,
    people::{
        accounts, audit,
        codes::{self, app_check},
        contacts, labs, login, sessions, users,
    },
    platform::app::App,
    stock::{availability, containers, locations},
    web,
};

/// Every route there is.
fn api() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .merge(codes::routes())
        .merge(login::routes())
        .merge(sessions::routes())
        .merge(accounts::routes())
        .merge(audit::routes())
        .merge(contacts::routes())
        .merge(codes::stops::routes())
        .merge(messages::routes())
        .merge(users::routes())
        .merge(labs::routes())
        .merge(chemicals::routes())
        .merge(availability::routes())
        .merge(locations::routes())
        .merge(containers::routes())
        .merge(exports::routes())
        .merge(imports::routes())
        .merge(jobs::routes())
        .merge(journal::routes());
    let mut api = OpenApiRouter::with_openapi(Document::openapi()).merge(health::routes()).nest("/v1", v1);
    web::document::complete(api.get_openapi_mut());
    api
}

/// The OpenAPI document; needs neither configuration nor database.
pub fn document() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The service.
pub fn service(app: App) -> Router {
    layered(app, routes(), REQUEST_TIMEOUT)
}

/// Every route, with the document and its page.
pub fn routes() -> Router<App> {
    let (routes, document) = api().split_for_parts();
    routes.merge(web::docs::routes(document.to_json().unwrap_or_default()))
}

/// Any routes behind the layers of the service, the outermost first. Apart, so that a test can put routes there that
/// hang or panic. In one stack: as layers of the router, each would put every route into one more box, and all boxes
/// are copied for each request.
pub fn layered(app: App, routes: Router<App>, timeout: Duration) -> Router {
    let layers = ServiceBuilder::new()
        .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, web::idempotency::HEADER, APP_CHECK]))
        .layer(middleware::from_fn_with_state(app.clone(), web::observe))
        .layer(middleware::from_fn(web::require_host))
        .layer(cors(&app.config.cors_origins))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), web::idempotency::layer))
        .layer(CatchPanicLayer::custom(web::from_panic))
        .layer(middleware::from_fn_with_state(timeout, web::upload::in_time))
        .layer(middleware::from_fn(web::conditions))
        .layer(DefaultBodyLimit::max(web::idempotency::MAX_BODY));
    routes.fallback(web::fallback).method_not_allowed_fallback(web::method_not_allowed).layer(layers).with_state(app)
}

const APP_CHECK: HeaderName = HeaderName::from_static(app_check::HEADER);

fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| origin.parse().ok()).collect::<Vec<HeaderValue>>();
    let origin =
        if origins.iter().any(|origin| origin == "*") { AllowOrigin::any() } else { AllowOrigin::list(origins) };
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            web::idempotency::HEADER,
            APP_CHECK,
            HeaderName::from_static("content-digest"),
            HeaderName::from_static("repr-digest"),
        ])
        .expose_headers([
            header::ETAG,
            header::RETRY_AFTER,
            web::X_REQUEST_ID,
            web::idempotency::REPLAYED,
            web::RATE_LIMIT,
            web::RATE_LIMIT_POLICY,
        ])
        .max_age(Duration::from_hours(1))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Chemstock",
        description = "Chemical inventory for labs. Ask for a code at `/v1/auth/otp/request` (in \
            development it appears in the server's terminal), trade it for a token at \
            `/v1/auth/otp/verify`, press **Authorize**, and try the rest.\n\n\
            **Amounts** are `{\"value\": \"12.5\", \"unit\": \"mL\"}`: decimal strings and UCUM codes. \
            **Times** are RFC 3339 in UTC. **Ids** are UUIDv7, also the one that you may give to what you create. \
            **Lists** are pages: `limit` 1 to 200, `cursor` from `next_cursor`. An item that is moved within the order while \
            you read may be missed or come twice; every other one comes once. \
            **Changes** (PATCH, DELETE) need `If-Match` with the `ETag` that you read. \
            **Repeats** of a POST are safe with an `Idempotency-Key`; those of an upload by the `id` that you give it. \
            **Failures** are `application/problem+json` (RFC 9457); `type` leads to a page on it. \
            Each operation says which role it needs; of viewer, member, manager, admin, each may what those before it may.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact()
    ),
    tags(
        (name = "login", description = "One-time codes, tokens, sessions"),
        (name = "people", description = "Yourself, labs, members, invitations"),
        (name = "catalogue", description = "The chemicals that all labs share"),
        (name = "locations", description = "Buildings, rooms, cabinets, shelves, boxes"),
        (name = "containers", description = "Bottles, their ledger, and the scanner"),
        (name = "imports", description = "Lists of bottles as files: uploaded, tried and brought into a lab"),
        (name = "audit", description = "Every change with before and after, and the proof that none was altered"),
        (name = "jobs", description = "Work that no request waits for: how far it is, and what came of it"),
        (name = "admin", description = "For owners of the installation: accounts, the log of logins, messages and their cost"),
        (name = "system", description = "Health, keys, metrics"),
    ),
    components(schemas(web::Problem)),
)]
struct Document;
