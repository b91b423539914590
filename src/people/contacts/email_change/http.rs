//! `/v1/me/email`.

use axum::http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{EmailChange, EmailConfirmation};
use crate::{
    auth::{Anyone, Auth},
    base::{address::ClientAddress, error::Result, language::AcceptLanguage},
    people::{codes::otp::CodeRequested, users::User},
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(request_email_change, delete_email)).routes(routes!(confirm_email_change))
}

/// Request a code to my e-mail address
///
/// Once it has come back, a code to log in with can go there too, when the phone is out of reach. Needs a login of the
/// last five minutes, and not one by e-mail, else 403 `fresh-login-required`. 404 `email-off`: no e-mail is sent from
/// here. 409 `phone-required`: you have no phone. The limits are those of codes to your phone.
#[utoipa::path(post, path = "/me/email", tag = "login", security(("bearer" = [])), request_body = EmailChange,
    params(("Accept-Language" = Option<String>, Header, description = "For who has set no language in the profile.")),
    responses((status = 202, body = CodeRequested), Failures))]
async fn request_email_change(
    by: Auth<Anyone>,
    from: ClientAddress,
    language: AcceptLanguage,
    Json(asked): Json<EmailChange>,
) -> Result<(StatusCode, Json<CodeRequested>)> {
    super::request(&by, asked, from, language).await.map(|requested| (StatusCode::ACCEPTED, Json(requested)))
}

/// Confirm my e-mail address
///
/// It takes the place of the one before, of which every session ends that a code to it began. Needs the same as asking.
#[utoipa::path(post, path = "/me/email/confirm", tag = "login", security(("bearer" = [])),
    request_body = EmailConfirmation, responses((status = 200, body = User), Failures))]
async fn confirm_email_change(
    by: Auth<Anyone>,
    from: ClientAddress,
    Json(shown): Json<EmailConfirmation>,
) -> Result<Tagged<User>> {
    super::confirm(&by, &shown, from).await.map(Tagged)
}

/// Remove my e-mail address
///
/// Every session ends that a code to it began. Needs a login of the last five minutes, and not one by e-mail.
#[utoipa::path(delete, path = "/me/email", tag = "login", security(("bearer" = [])),
    params(("If-Match" = String, Header, description = "The ETag of `/v1/me`, or *", example = "*")),
    responses((status = 204, description = "There is none, whether or not there was one"), Failures))]
async fn delete_email(by: Auth<Anyone>, from: ClientAddress, IfMatch(version): IfMatch) -> Result<NoContent> {
    super::remove(&by, version, from).await.map(|()| NoContent)
}
