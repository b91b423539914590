#![expect(clippy::disallowed_types, reason = "open routes: whoever waits for a code is nobody yet")]

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::code_status::{self, CodeStatus};
use crate::{
    base::{address::ClientAddress, error::Result},
    platform::{
        app::App,
        deeds::{self, Deed},
    },
    web::{self, Json, Path},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_challenge))
}

/// Read the state of a code
///
/// `queued`, then `sent` one to four seconds later: the same for every phone, whatever has become of the message, so
/// that nobody finds out who has an account. From `resend_at` on it names the installation's other channels, for a code
/// that has not come. One address may look twenty times a second on average, unless configured otherwise.
#[utoipa::path(get, path = "/auth/otp/challenges/{challenge_id}", tag = "login", security(()),
    params(("challenge_id" = Uuid, Path)),
    responses((status = 200, body = CodeStatus), web::Failures))]
async fn get_challenge(
    State(app): State<App>,
    from: ClientAddress,
    Path(challenge_id): Path<Uuid>,
) -> Result<Json<CodeStatus>> {
    deeds::take(&app, Deed::LookAtChallenge, from)?;
    code_status::of_challenge(&app, challenge_id).await.map(Json)
}
