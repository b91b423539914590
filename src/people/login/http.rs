use axum::Extension;
#[expect(clippy::disallowed_types, reason = "for the open routes below, each of which says why it is one")]
use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    by_code::{self, CodeAttempt},
    firebase::{self, CustomToken, FirebaseLogin},
};
use crate::{
    auth::{Anyone, Auth},
    base::{
        address::ClientAddress,
        error::Result,
        ids::{RequestId, Seed},
        secrets,
    },
    people::sessions::TokenPair,
    platform::app::App,
    web::{self, Json, Unstored, unstored},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(verify_code))
        .routes(routes!(exchange_id_token))
        .routes(routes!(mint_custom_token))
}

/// Verify a code and log in
///
/// A new phone needs an invitation, unless the installation lets everybody in; in development the first user becomes
/// owner, with a lab. A code is good for ten minutes and five guesses, unless configured otherwise. It may come as it
/// was typed: spaces, hyphens and line ends fall away. What is not as many digits as a code has is 422, and costs no
/// guess.
#[utoipa::path(post, path = "/auth/otp/verify", tag = "login", security(()), request_body = CodeAttempt,
    responses((status = 200, body = TokenPair), web::Failures))]
#[expect(clippy::disallowed_types, reason = "open route: this is where one becomes somebody")]
async fn verify_code(
    State(app): State<App>,
    from: ClientAddress,
    seed: Option<Extension<Seed>>,
    request_id: Option<Extension<RequestId>>,
    Json(attempt): Json<CodeAttempt>,
) -> Result<Unstored<TokenPair>> {
    let nonce = seed.map_or_else(secrets::random, |Extension(seed)| seed.nonce());
    by_code::verify(&app, attempt, from, request_id.map(|it| it.0), nonce).await.map(unstored)
}

/// Exchange a Firebase ID token for tokens
///
/// A sign-in by phone is that phone's user, as if a code had been sent from here; any other is known by its Firebase
/// account, never by its e-mail address. Somebody new needs an invitation, as with codes. An ID token is traded once; a
/// repeat with the same `Idempotency-Key` gets the same answer. Its sign-in may be as old as thirty days, unless
/// configured otherwise, and counts as the time of the login: what needs a fresh login asks for a new one. Custom
/// tokens, session cookies, anonymous sign-ins and accounts that are disabled or revoked are refused, and so is a phone
/// that a hundred wrong codes have locked. One address may bring as many tokens as it may guess codes. `firebase-off`
/// says that Firebase is not set up here. 503 `unavailable` says that Google cannot be asked, or that the token names a
/// key which was not among Google's keys less than a minute ago: come again after `Retry-After`. A session made here
/// lives by itself: whoever is disabled at Firebase is let in no more, but goes on with the sessions of before until
/// those are ended here (`PATCH /v1/admin/users/{user_id}`).
#[utoipa::path(post, path = "/auth/firebase", tag = "login", security(()), request_body(content = FirebaseLogin,
        example = json!({"id_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJl"})),
    responses((status = 200, body = TokenPair), web::Failures))]
#[expect(clippy::disallowed_types, reason = "open route: this is where one becomes somebody")]
async fn exchange_id_token(
    State(app): State<App>,
    from: ClientAddress,
    request_id: Option<Extension<RequestId>>,
    Json(asked): Json<FirebaseLogin>,
) -> Result<Unstored<TokenPair>> {
    firebase::exchange(&app, asked, from, request_id.map(|it| it.0)).await.map(unstored)
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
