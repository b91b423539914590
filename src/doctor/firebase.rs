//! Firebase: do Google's keys come, and does it know the service account?

use chrono::{DateTime, Utc};

use super::Finding;
use crate::{clients::firebase::Firebase, config::Config};

const PART: &str = "firebase";
const NETWORK: &str = "let the server reach it by HTTPS (firewall, DNS), without a proxy";

pub(super) async fn look(config: &Config, now: DateTime<Utc>) -> Vec<Finding> {
    let Some(settings) = &config.firebase else {
        return vec![Finding::ok(PART, "not set up: one logs in with codes only")];
    };
    let firebase = Firebase::new(settings, config.authorities.as_ref(), config.is_production());
    if let Err(error) = firebase.check() {
        return vec![Finding::problem(PART, error.to_string(), "mend it, then ask again")];
    }
    let (keys, account, app_check) =
        tokio::join!(firebase.reach_keys(now), firebase.reach_accounts(now), firebase.reach_app_check_keys(now));
    let mut findings = vec![match keys {
        _ if firebase.is_emulated() => {
            let wrong = "FIREBASE_AUTH_EMULATOR_HOST is set: everybody gets in with an unsigned token";
            Finding::warning(PART, wrong, "remove it wherever others can reach the server")
        }
        Ok(()) => Finding::ok(PART, "Google's keys for ID tokens are there"),
        Err(refusal) => Finding::problem(PART, refusal.to_string(), NETWORK),
    }];
    findings.push(match account {
        None => Finding::warning(
            PART,
            "no service account: a disabled or revoked account is let in until its token expires",
            "set FIREBASE_PRIVATE_KEY and FIREBASE_CLIENT_EMAIL",
        ),
        Some(Ok(())) => Finding::ok(PART, "Google knows the service account"),
        Some(Err(refusal)) => Finding::problem(
            PART,
            refusal.to_string(),
            "see that the key was not deleted in the Google Cloud console, and that this machine's clock is right",
        ),
    });
    findings.extend(app_check.map(|keys| match keys {
        Ok(()) => Finding::ok(PART, "the keys of App Check are there"),
        Err(refusal) => Finding::problem(PART, format!("App Check: {refusal}"), NETWORK),
    }));
    findings
}
