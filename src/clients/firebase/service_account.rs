//! The service account: it signs what Google believes.

use std::fmt;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::config;

pub(super) struct ServiceAccount {
    pub email: String,
    pub token_uri: String,
    kid: Option<String>,
    /// None when the configured text is no RSA key: told by `check` at the start.
    key: Option<EncodingKey>,
}

impl ServiceAccount {
    pub fn new(account: &config::ServiceAccount) -> Self {
        Self {
            email: account.client_email.clone(),
            token_uri: account.token_uri.clone(),
            kid: account.private_key_id.clone(),
            key: EncodingKey::from_rsa_pem(account.private_key.expose_secret().as_bytes()).ok(),
        }
    }

    pub fn check(&self) -> anyhow::Result<()> {
        let signs = self.sign(&serde_json::json!({})).is_some();
        anyhow::ensure!(signs, "FIREBASE_PRIVATE_KEY is no RSA key; give the private_key of the service account file");
        Ok(())
    }

    pub fn sign(&self, claims: &impl Serialize) -> Option<String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid.clone_from(&self.kid);
        jsonwebtoken::encode(&header, claims, self.key.as_ref()?).ok()
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}
