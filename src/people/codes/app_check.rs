//! Whether a code is asked for by one of the installation's own apps. A message costs money, so a script that has our
//! address should not get any sent (OWASP API Security 2023, API6).

use std::time::Duration;

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{
    base::error::{Error, Reason, Result},
    clients::firebase::{AppCheck, Refusal},
    config::AppCheckMode,
    platform::app::App,
};

pub const HEADER: &str = "x-firebase-appcheck";

/// The first argument of a handler that is for the installation's own apps.
pub struct OwnApp;

impl FromRequestParts<App> for OwnApp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let app_check = app.firebase.as_ref().map(|firebase| &firebase.app_check);
        let Some(app_check) = app_check.filter(|it| it.mode != AppCheckMode::Off) else { return Ok(Self) };
        let token = parts.headers.get(HEADER).and_then(|value| value.to_str().ok());
        let (outcome, refusal) = examine(app, app_check, token).await;
        metrics::counter!("app_check_total", "outcome" => outcome).increment(1);
        match refusal {
            Some(refusal) if app_check.mode == AppCheckMode::Enforce => Err(refusal),
            Some(refusal) => {
                tracing::warn!(outcome, %refusal, "app check would refuse this");
                Ok(Self)
            }
            None => Ok(Self),
        }
    }
}

async fn examine(app: &App, app_check: &AppCheck, token: Option<&str>) -> (&'static str, Option<Error>) {
    let Some(token) = token else {
        let missing = Reason::AppCheckRefused.because("there is no App Check token in X-Firebase-AppCheck");
        return ("missing", Some(missing));
    };
    match app_check.verify(token, app.clock.now()).await {
        Ok(()) => ("valid", None),
        Err(Refusal::Token(why)) => {
            ("invalid", Some(Reason::AppCheckRefused.because(format!("the App Check token is refused: {why}"))))
        }
        Err(Refusal::Away(cause)) => ("unavailable", Some(Error::Unavailable { service: "App Check", cause })),
        Err(Refusal::Later(seconds)) => {
            ("unavailable", Some(Error::Paused { retry_after: Duration::from_secs(seconds) }))
        }
    }
}
