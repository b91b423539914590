//! `/v1/me/phone`.

use axum::http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{PhoneChange, PhoneConfirmation};
use crate::{
    auth::{Anyone, Auth},
    base::{address::ClientAddress, error::Result, language::AcceptLanguage},
    people::{codes::otp::CodeRequested, users::User},
    platform::app::App,
    web::{Failures, Json, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(request_phone_change)).routes(routes!(confirm_phone_change))
}

/// Request a code to my new phone
///
/// Needs a login of the last five minutes, and not one by e-mail, else 403 `fresh-login-required`: log in again, with
/// the present phone. The answer is the same whether or not somebody has the new one. The limits are those of
/// `/v1/auth/otp/request`.
#[utoipa::path(post, path = "/me/phone", tag = "login", security(("bearer" = [])), request_body = PhoneChange,
    params(("Accept-Language" = Option<String>, Header, description = "For who has set no language in the profile.")),
    responses((status = 202, body = CodeRequested), Failures))]
async fn request_phone_change(
    by: Auth<Anyone>,
    from: ClientAddress,
    language: AcceptLanguage,
    Json(asked): Json<PhoneChange>,
) -> Result<(StatusCode, Json<CodeRequested>)> {
    super::request(&by, &asked, from, language).await.map(|requested| (StatusCode::ACCEPTED, Json(requested)))
}

/// Confirm my new phone
///
/// All my other sessions end, and the old number is told. 409 `phone-taken`: it is the phone of another account.
#[utoipa::path(post, path = "/me/phone/confirm", tag = "login", security(("bearer" = [])),
    request_body = PhoneConfirmation,
    params(("Accept-Language" = Option<String>, Header, description = "For who has set no language in the profile.")),
    responses((status = 200, body = User), Failures))]
async fn confirm_phone_change(
    by: Auth<Anyone>,
    from: ClientAddress,
    language: AcceptLanguage,
    Json(shown): Json<PhoneConfirmation>,
) -> Result<Tagged<User>> {
    super::confirm(&by, &shown, from, language).await.map(Tagged)
}
