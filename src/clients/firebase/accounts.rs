//! Is an account still good? A token lives for an hour; whoever was disabled or signed out meanwhile must not get in
//! with it. `accounts:lookup` tells, with an access token of the service account (RFC 7523 section 2.1).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use reqwest::{StatusCode, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::{Refusal, TokenError, id_token::IdToken, service_account::ServiceAccount};
use crate::{clients::http::Http, config::FirebaseConfig};

/// While Google answers, nothing older is believed.
const KEPT_FOR: TimeDelta = TimeDelta::seconds(60);
const KEPT_ACCOUNTS: u64 = 20_000;
/// The least right that a look-up needs.
const SCOPE: &str = "https://www.googleapis.com/auth/identitytoolkit";
const ASSERTION_TTL: TimeDelta = TimeDelta::minutes(10);
/// An access token is given up this long before its end.
const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// Between tries for an access token, so that those who wait in line do not each wait for a time-out.
const OUTAGE_WAITS: TimeDelta = TimeDelta::seconds(5);

pub(super) struct Accounts {
    pub account: ServiceAccount,
    http: Http,
    url: String,
    /// Good ones only.
    known: Cache<String, Arc<Account>>,
    access: Mutex<Access>,
}

/// One that is not disabled.
struct Account {
    /// Sign-ins before this are revoked.
    valid_since: i64,
    asked_at: DateTime<Utc>,
}

impl Account {
    /// A refreshed token keeps the time of its sign-in.
    fn admits(&self, token: &IdToken) -> Result<(), TokenError> {
        let revoked = token.signed_in_at.min(token.issued_at) < self.valid_since;
        if revoked { Err(TokenError::Revoked) } else { Ok(()) }
    }
}

enum Access {
    None,
    Token { token: SecretString, good_until: DateTime<Utc> },
    Failed { cause: String, next_try: DateTime<Utc> },
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: u32,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    users: Vec<FoundUser>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundUser {
    local_id: String,
    #[serde(default)]
    disabled: bool,
    /// Seconds, as a text.
    valid_since: Option<String>,
}

impl Accounts {
    pub fn new(config: &FirebaseConfig, account: ServiceAccount, http: &Http) -> Self {
        Self {
            account,
            http: http.clone(),
            url: format!("{}/v1/projects/{}/accounts:lookup", config.identity_base_url, config.project_id),
            known: Cache::builder().max_capacity(KEPT_ACCOUNTS).build(),
            access: Mutex::new(Access::None),
        }
    }

    pub async fn check(&self, token: &IdToken, now: DateTime<Utc>, patience: TimeDelta) -> Result<(), Refusal> {
        let known = self.known.get(&token.subject);
        let not_older = |most: TimeDelta| known.as_ref().filter(|known| now - known.asked_at <= most);
        let account = match not_older(KEPT_FOR) {
            Some(known) => known.clone(),
            None => match self.look_up(&token.subject, now).await {
                Ok(account) => account,
                Err(Refusal::Away(cause)) => not_older(patience).cloned().ok_or(Refusal::Away(cause))?,
                Err(refused) => return Err(refused),
            },
        };
        Ok(account.admits(token)?)
    }

    pub async fn check_now(&self, token: &IdToken, now: DateTime<Utc>) -> Result<(), Refusal> {
        Ok(self.look_up(&token.subject, now).await?.admits(token)?)
    }

    async fn look_up(&self, uid: &str, now: DateTime<Utc>) -> Result<Arc<Account>, Refusal> {
        let away = |cause: String| Refusal::Away(format!("accounts:lookup {cause}"));
        let access = self.access_token(now).await?;
        let request = json!({ "localId": [uid] });
        let fetched = self.http.fetch(|http| http.post(&self.url).bearer_auth(access.expose_secret()).json(&request));
        let fetched = match fetched.await {
            Ok(fetched) => fetched,
            Err(failed) => {
                if failed.status() == Some(StatusCode::UNAUTHORIZED) {
                    // It was revoked before its time.
                    *self.access.lock().await = Access::None;
                }
                return Err(away(failed.cause));
            }
        };
        let found: Found =
            serde_json::from_slice(&fetched.body).map_err(|_| away("answered no accounts".to_owned()))?;
        let good = match found.users.into_iter().find(|user| user.local_id == uid) {
            Some(user) if user.disabled => Err(TokenError::Disabled),
            Some(user) => Ok(user),
            None => Err(TokenError::Deleted),
        };
        let user = good.inspect_err(|_| self.known.invalidate(uid))?;
        let valid_since = user.valid_since.as_deref().unwrap_or("0").parse();
        let valid_since = valid_since.map_err(|_| away("answered a validSince that is no number".to_owned()))?;
        let account = Arc::new(Account { valid_since, asked_at: now });
        self.known.insert(uid.to_owned(), account.clone());
        Ok(account)
    }

    /// Whoever holds the lock asks; the others wait for the answer.
    pub async fn access_token(&self, now: DateTime<Utc>) -> Result<SecretString, Refusal> {
        let mut access = self.access.lock().await;
        match &*access {
            Access::Token { token, good_until } if now < *good_until => return Ok(token.clone()),
            Access::Failed { cause, next_try } if now < *next_try => return Err(Refusal::Away(cause.clone())),
            _ => {}
        }
        match self.grant(now).await {
            Ok(granted) => {
                let good_until = now + TimeDelta::seconds(granted.expires_in.into()) - MARGIN;
                *access = Access::Token { token: granted.access_token.clone(), good_until };
                Ok(granted.access_token)
            }
            Err(cause) => {
                let cause = format!("the service account got no access token: {cause}");
                *access = Access::Failed { cause: cause.clone(), next_try: now + OUTAGE_WAITS };
                Err(Refusal::Away(cause))
            }
        }
    }

    async fn grant(&self, now: DateTime<Utc>) -> Result<Granted, String> {
        let assertion = self.account.sign(&json!({
            "iss": self.account.email,
            "scope": SCOPE,
            "aud": self.account.token_uri,
            "iat": now.timestamp(),
            "exp": (now + ASSERTION_TTL).timestamp(),
        }));
        let assertion = assertion.ok_or("FIREBASE_PRIVATE_KEY is no RSA key")?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        let form_type = "application/x-www-form-urlencoded";
        let fetched =
            self.http.fetch(|http| http.post(&self.account.token_uri).header(CONTENT_TYPE, form_type).body(form));
        let fetched = fetched.await.map_err(|failed| failed.cause)?;
        serde_json::from_slice(&fetched.body).map_err(|_| "answered no access token".to_owned())
    }
}
