#[expect(clippy::disallowed_types, reason = "for the open routes below, each of which says why it is one")]
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app_check::OwnApp,
    otp::{self, CodeRequest, CodeRequested},
};
use crate::{
    base::{address::ClientAddress, error::Result, language::AcceptLanguage, quota::Quotas},
    platform::app::App,
    web::{self, Json},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(request_code))
}

/// Request a one-time code
///
/// The answer is the same whether or not anybody has this phone, or has proven a mailbox. In development the code
/// stands in the server's terminal, or why none is sent. Codes to one phone are limited: one in 30 seconds, 5 in an
/// hour, 20 in a day, unless configured otherwise; so are those that one address asks for. After five wrong codes in a
/// row the next one has to wait, for everybody but a device that has logged in before and shows its `device_token`: it
/// has limits of its own, and the fields `RateLimit` and `RateLimit-Policy` tell it how much of them is left. 503
/// `budget-spent` says that the installation may spend no more on messages until the time in `Retry-After`, 503
/// `unavailable` that something is away. An installation may give codes to its own apps only, which show it with a
/// Firebase App Check token.
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
