//! Firebase: verifies its ID tokens and App Check tokens, asks whether an account is still good, and mints custom
//! tokens. Our own rules on `jsonwebtoken`: every claim is required and typed, the algorithm is fixed, and nothing but
//! the configuration says where keys come from (RFC 8725 sections 3.1, 3.8 to 3.11;
//! <https://firebase.google.com/docs/auth/admin/verify-id-tokens>).

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use moka::sync::Cache;

use self::{accounts::Accounts, id_token::Algorithm, keys::Keys, service_account::ServiceAccount};
pub use self::{app_check::AppCheck, id_token::IdToken};
use crate::{
    clients::http::Http,
    config::{Authorities, FirebaseConfig},
};

mod accounts;
mod app_check;
mod custom_token;
mod id_token;
mod keys;
mod reach;
mod service_account;

/// For iat and `auth_time`: Google's clock and ours differ by less.
const CLOCK_SKEW_SECONDS: i64 = 60;
const CACHED_TOKENS: u64 = 20_000;
/// From issue to expiry.
const TOKENS_LIVE: Duration = Duration::from_hours(1);
/// Google lets its keys be kept for about six hours.
const KEYS_KEPT_AT_MOST: TimeDelta = TimeDelta::hours(24);

/// Why a token is refused. Each text may be told to whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("it is not a JWT with the claims of a Firebase token")]
    Malformed,
    #[error("it is not signed with RS256")]
    Algorithm,
    #[error("it is signed with a key that Google does not publish")]
    UnknownKey,
    #[error("its signature or one of its claims is not as Firebase makes them")]
    Invalid,
    #[error("it is of another issuer, or for another project")]
    Foreign,
    #[error("its subject is empty, too long or not a text")]
    Subject,
    #[error("it is from the future")]
    TooEarly,
    #[error("it has expired; get a fresh one with getIdToken")]
    Expired,
    #[error("it has expired; get a fresh one with getToken of App Check")]
    AppCheckExpired,
    #[error("it is a custom token; sign in with it (signInWithCustomToken) and send the ID token that this gives")]
    CustomToken,
    #[error("it is a session cookie; send an ID token, as getIdToken gives it")]
    SessionCookie,
    #[error("it is of a tenant, and this installation has none")]
    Tenant,
    #[error("it is of an anonymous sign-in; sign in with a phone or another provider")]
    Anonymous,
    #[error("it is of a sign-in by phone, but names no phone")]
    NoPhone,
    #[error("its account is disabled")]
    Disabled,
    #[error("its account has been deleted")]
    Deleted,
    #[error("its sign-in has been revoked; sign in again")]
    Revoked,
}

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Google cannot be asked, and what is known is too old.
    #[error("{0}")]
    Away(String),
    /// It may be signed with a new key, and Google was asked for one just now.
    #[error("the keys were fetched just now; the next time is in {0} seconds")]
    Later(u64),
}

pub struct Firebase {
    /// ID tokens pass as bearer tokens.
    pub bearer: bool,
    pub app_check: AppCheck,
    project_id: String,
    issuer: String,
    /// Tokens of the emulator pass, which nobody has signed.
    emulated: bool,
    keys: Keys,
    /// Those that were verified: the next request with one costs a look-up. Their times are checked at every use.
    verified: Cache<String, Arc<IdToken>>,
    accounts: Option<Accounts>,
    http: Http,
}

impl Firebase {
    /// In production no token passes unsigned, whatever the configuration says.
    pub fn new(config: &FirebaseConfig, authorities: Option<&Authorities>, is_production: bool) -> Self {
        let http = Http::new(authorities);
        let account = config.service_account.as_ref();
        Self {
            bearer: config.bearer,
            app_check: AppCheck::new(config, &http),
            project_id: config.project_id.clone(),
            issuer: format!("https://securetoken.google.com/{}", config.project_id),
            emulated: config.emulator_host.is_some() && !is_production,
            keys: Keys::new(http.clone(), config.jwks_url.clone(), KEYS_KEPT_AT_MOST),
            verified: Cache::builder().max_capacity(CACHED_TOKENS).time_to_live(TOKENS_LIVE).build(),
            accounts: account.map(|account| Accounts::new(config, ServiceAccount::new(account), &http)),
            http,
        }
    }

    /// Whether it can work at all. To be asked at the start, as a login would be late.
    pub fn check(&self) -> anyhow::Result<()> {
        self.http.check()?;
        self.accounts.as_ref().map_or(Ok(()), |accounts| accounts.account.check())
    }

    /// Whether disabled and revoked accounts can be told from good ones, and custom tokens be made.
    pub fn has_service_account(&self) -> bool {
        self.accounts.is_some()
    }

    /// Whether unsigned tokens pass.
    pub fn is_emulated(&self) -> bool {
        self.emulated
    }

    /// Whether a token says to be one of ours to verify. It may lie: this chooses the verifier, nothing else.
    pub fn claims_to_issue(&self, token: &str) -> bool {
        id_token::peek(token).is_some_and(|claims| claims["iss"] == *self.issuer)
    }

    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<IdToken>, Refusal> {
        if let Some(known) = self.verified.get(token) {
            known.within_its_time(now)?;
            return Ok(known);
        }
        let claims = match id_token::algorithm(token)? {
            Algorithm::Rs256 { kid } => id_token::signed(token, &self.key(&kid, now).await?)?,
            Algorithm::None if self.emulated => id_token::unsigned(token)?,
            Algorithm::None => return Err(TokenError::Algorithm.into()),
        };
        let verified = Arc::new(IdToken::new(claims, &self.project_id, &self.issuer)?);
        verified.within_its_time(now)?;
        self.verified.insert(token.to_owned(), verified.clone());
        Ok(verified)
    }

    async fn key(&self, kid: &str, now: DateTime<Utc>) -> Result<DecodingKey, Refusal> {
        Ok(self.keys.find(kid, now).await?.ok_or(TokenError::UnknownKey)?)
    }

    /// Refuses a token whose account has since been disabled or deleted, or its sign-ins revoked. An answer of the last
    /// minute will do; while Google cannot be asked, one as old as `patience`. Without a service account nobody can be
    /// asked.
    pub async fn check_account(&self, token: &IdToken, now: DateTime<Utc>, patience: TimeDelta) -> Result<(), Refusal> {
        match self.real_accounts() {
            Some(accounts) => accounts.check(token, now, patience).await,
            None => Ok(()),
        }
    }

    /// The same, by what Google says at this moment and nothing older.
    pub async fn check_account_now(&self, token: &IdToken, now: DateTime<Utc>) -> Result<(), Refusal> {
        match self.real_accounts() {
            Some(accounts) => accounts.check_now(token, now).await,
            None => Ok(()),
        }
    }

    /// The emulator's accounts are not Google's.
    fn real_accounts(&self) -> Option<&Accounts> {
        self.accounts.as_ref().filter(|_| !self.emulated)
    }

    /// With it an app signs in to Firebase as `uid`; none without a service account.
    pub fn custom_token(&self, uid: &str, now: DateTime<Utc>) -> Option<(String, TimeDelta)> {
        self.accounts.as_ref().and_then(|accounts| custom_token::mint(&accounts.account, uid, now))
    }
}
