//! Whether Google answers, for whoever looks for what is wrong: the same questions as at a login, without one.

use chrono::{DateTime, Utc};

use super::{Firebase, Refusal};
use crate::config::AppCheckMode;

/// A key that there is not: what counts is that the others come.
const NO_KEY: &str = "";

impl Firebase {
    pub async fn reach_keys(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        came(self.keys.find(NO_KEY, now).await)
    }

    /// Whether the service account gets an access token; None without one.
    pub async fn reach_accounts(&self, now: DateTime<Utc>) -> Option<Result<(), Refusal>> {
        let accounts = self.accounts.as_ref()?;
        Some(accounts.access_token(now).await.map(drop))
    }

    /// None when App Check is off.
    pub async fn reach_app_check_keys(&self, now: DateTime<Utc>) -> Option<Result<(), Refusal>> {
        if self.app_check.mode == AppCheckMode::Off {
            return None;
        }
        Some(came(self.app_check.keys.find(NO_KEY, now).await))
    }
}

fn came<K>(found: Result<K, Refusal>) -> Result<(), Refusal> {
    match found {
        Ok(_) | Err(Refusal::Later(_)) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}
