#![expect(clippy::disallowed_types, reason = "open routes: whoever waits for a code is nobody yet")]

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::delivery::{self, Delivery};
use crate::{
    app::App,
    error::Result,
    web::{self, Json, Path},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_challenge))
}

/// Read the state of a code
#[utoipa::path(get, path = "/auth/otp/challenges/{challenge_id}", tag = "login", security(()),
    params(("challenge_id" = Uuid, Path)),
    responses((status = 200, body = Delivery), web::Failures))]
async fn get_challenge(State(app): State<App>, Path(challenge_id): Path<Uuid>) -> Result<Json<Delivery>> {
    delivery::of_challenge(&app, challenge_id).await.map(Json)
}
