#[expect(clippy::disallowed_types, reason = "for the open routes below, each of which says why it is one")]
use axum::extract::State;
use axum::{
    Extension,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    accounts,
    app_check::OwnApp,
    audit, email_change,
    firebase::{self, CustomToken, FirebaseLogin},
    otp::{self, CodeAttempt, CodeRequest, CodeRequested},
    phone_change,
    sending::stops,
    sessions::{self, RefreshRequest, Session, TokenPair},
};
use crate::{
    auth::{Anyone, Auth},
    base::{
        address::ClientAddress,
        error::Result,
        ids::Seed,
        language::AcceptLanguage,
        page::{Cursor, Limit, Page},
        quota::Quotas,
        secrets,
    },
    platform::app::App,
    web::{self, Json, NoContent, Path, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(request_code))
        .routes(routes!(verify_code))
        .routes(routes!(exchange_id_token))
        .routes(routes!(mint_custom_token))
        .routes(routes!(refresh_tokens))
        .routes(routes!(log_out))
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
        .merge(accounts::routes())
        .merge(audit::routes())
        .merge(email_change::routes())
        .merge(phone_change::routes())
        .merge(stops::routes())
}

/// RFC 6749 section 5.1: tokens are in nobody's cache.
type Unstored<T> = ([(HeaderName, &'static str); 1], Json<T>);

fn unstored<T>(body: T) -> Unstored<T> {
    ([(header::CACHE_CONTROL, "no-store")], Json(body))
}

/// Request a one-time code
///
/// The answer is the same whether or not anybody has this phone, or has proven a mailbox. In development the code stands in
/// the server's terminal, or why none is sent. Codes to one phone are limited: one in 30 seconds, 5 in an hour, 20 in a day,
/// unless configured otherwise; so are those that one address asks for. After five wrong codes in a row the next one has to
/// wait, for everybody but a device that has logged in before and shows its `device_token`: it has limits of its own, and the
/// fields `RateLimit` and `RateLimit-Policy` tell it how much of them is left. 503 `budget-spent` says that the installation
/// may spend no more on messages until the time in `Retry-After`, 503 `unavailable` that something is away. An installation
/// may give codes to its own apps only, which show it with a Firebase App Check token.
#[utoipa::path(post, path = "/auth/otp/request", tag = "login", security(()),
    params(("X-Firebase-AppCheck" = Option<String>, Header, description = "A Firebase App Check token."),
        ("Accept-Language" = Option<String>, Header, description = "For who has set no language in the profile.")),
    request_body(content = CodeRequest, example = json!({"phone": "+12025550123"})),
    responses((status = 202, body = CodeRequested), web::Failures))]
#[expect(clippy::disallowed_types, reason = "open route: whoever asks is nobody yet")]
async fn request_code(
    _: OwnApp,
    State(app): State<App>,
    from: ClientAddress,
    language: AcceptLanguage,
    Json(asked): Json<CodeRequest>,
) -> Result<(StatusCode, Option<Quotas>, Json<CodeRequested>)> {
    let requested = otp::request(&app, asked, from, language).await?;
    Ok((StatusCode::ACCEPTED, requested.quotas, Json(requested.answer)))
}

/// Verify a code and log in
///
/// A new phone needs an invitation, unless the installation lets everybody in; in development the first user becomes
/// owner, with a lab. A code is good for ten minutes and five guesses, unless configured otherwise. It may come as it was
/// typed: spaces, hyphens and line ends fall away. What is not as many digits as a code has is 422, and costs no guess.
#[utoipa::path(post, path = "/auth/otp/verify", tag = "login", security(()), request_body = CodeAttempt,
    responses((status = 200, body = TokenPair), web::Failures))]
#[expect(clippy::disallowed_types, reason = "open route: this is where one becomes somebody")]
async fn verify_code(
    State(app): State<App>,
    from: ClientAddress,
    seed: Option<Extension<Seed>>,
    Json(attempt): Json<CodeAttempt>,
) -> Result<Unstored<TokenPair>> {
    let nonce = seed.map_or_else(secrets::random, |Extension(seed)| seed.nonce());
    otp::verify(&app, attempt, from, nonce).await.map(unstored)
}

/// Exchange a Firebase ID token for tokens
///
/// A sign-in by phone is that phone's user, as if a code had been sent from here; any other is known by its Firebase
/// account, never by its e-mail address. Somebody new needs an invitation, as with codes. An ID token is traded once;
/// a repeat with the same `Idempotency-Key` gets the same answer. Its sign-in may be as old as thirty days, unless configured
/// otherwise, and counts as the time of the login: what needs a fresh login asks for a new one. Custom tokens,
/// session cookies, anonymous sign-ins and accounts that are disabled or revoked are refused, and so is a phone that a
/// hundred wrong codes have locked. One address may bring as many tokens as it may guess codes. `firebase-off` says that
/// Firebase is not set up here. 503 `unavailable` says that Google cannot be asked, or that the token names a key which was
/// not among Google's keys less than a minute ago: come again after `Retry-After`. A session made here lives by itself: whoever is disabled at Firebase is let in no more, but
/// goes on with the sessions of before until those are ended here (`PATCH /v1/admin/users/{user_id}`).
#[utoipa::path(post, path = "/auth/firebase", tag = "login", security(()), request_body(content = FirebaseLogin,
        example = json!({"id_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJl"})),
    responses((status = 200, body = TokenPair), web::Failures))]
#[expect(clippy::disallowed_types, reason = "open route: this is where one becomes somebody")]
async fn exchange_id_token(
    State(app): State<App>,
    from: ClientAddress,
    Json(asked): Json<FirebaseLogin>,
) -> Result<Unstored<TokenPair>> {
    firebase::exchange(&app, asked, from).await.map(unstored)
}

/// Make a Firebase custom token
///
/// The token is for `signInWithCustomToken`; the uid is your user id here. `firebase-off` says that the service account
/// is not set up. An ID token of the sign-in that it makes does not lead back to your account here.
#[utoipa::path(post, path = "/auth/firebase/custom-token", tag = "login", security(("bearer" = [])),
    responses((status = 200, body = CustomToken), web::Failures))]
async fn mint_custom_token(by: Auth<Anyone>) -> Result<Unstored<CustomToken>> {
    firebase::custom_token(&by).map(unstored)
}

/// Refresh the tokens
///
/// A refresh token is used once and makes its successor. Whoever loses the answer repeats the request: until the successor
/// has been used, and for a day, the old token answers with the same one, with or without an `Idempotency-Key`. A token that
/// comes back after that has been stolen, by whoever brings it or by whoever was faster, and its session ends. From an
/// address that shows too many that are no good, none is taken for a minute.
#[utoipa::path(post, path = "/auth/refresh", tag = "login", security(()), request_body = RefreshRequest,
    responses((status = 200, body = TokenPair), web::Failures))]
#[expect(clippy::disallowed_types, reason = "open route: the refresh token says who it is")]
async fn refresh_tokens(
    State(app): State<App>,
    from: ClientAddress,
    Json(request): Json<RefreshRequest>,
) -> Result<Unstored<TokenPair>> {
    sessions::refresh(&app, &request, from).await.map(unstored)
}

/// End this session.
#[utoipa::path(post, path = "/auth/logout", tag = "login", security(("bearer" = [])),
    responses((status = 204, description = "Its tokens are dead"), web::Failures))]
async fn log_out(by: Auth<Anyone>) -> Result<NoContent> {
    sessions::log_out(&by).await.map(|()| NoContent)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionsQuery {
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    pub limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<Uuid>>,
}

/// List my sessions
#[utoipa::path(get, path = "/auth/sessions", tag = "login", security(("bearer" = [])), params(SessionsQuery),
    responses((status = 200, body = Page<Session>), web::Failures))]
async fn list_sessions(by: Auth<Anyone>, Query(query): Query<SessionsQuery>) -> Result<Json<Page<Session>>> {
    sessions::list(&by, query.cursor, query.limit).await.map(Json)
}

/// End all my sessions but this one.
#[utoipa::path(delete, path = "/auth/sessions", tag = "login", security(("bearer" = [])),
    responses((status = 204, description = "Their tokens are dead"), web::Failures))]
async fn end_other_sessions(by: Auth<Anyone>) -> Result<NoContent> {
    sessions::end_others(&by).await.map(|()| NoContent)
}

/// End one of my sessions.
///
/// A session has no version, so this takes no `If-Match`.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "login", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "Its tokens are dead"), web::Failures))]
async fn end_session(by: Auth<Anyone>, Path(id): Path<Uuid>) -> Result<NoContent> {
    sessions::end(&by, id).await.map(|()| NoContent)
}
