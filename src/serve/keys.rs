//! The secrets of an installation: what keys the hashes, and what signs the tokens.

use std::process::ExitCode;

use anyhow::Context;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::SecondsFormat;
use secrecy::SecretString;

use crate::{
    base::{
        secrets,
        tokens::{KeyRing, KeyState},
    },
    config::{Config, KeyText, load_or_create},
    platform::{app::App, stdout},
};

/// In development a secret and a key are made at the first start and kept, so that a restart logs nobody out.
pub(super) fn secret(config: &Config) -> anyhow::Result<SecretString> {
    if let Some(secret) = &config.secret_key {
        return Ok(secret.clone());
    }
    let make = || BASE64_STANDARD.encode(secrets::random::<32>());
    load_or_create(&config.data_dir.join("secret_key"), make).map(SecretString::from)
}

/// Reads the files of `JWT_PRIVATE_KEYS` again and uses what they hold now; after an error, what they held before.
pub fn reload_keys(app: &App) -> anyhow::Result<()> {
    let ring = key_ring(&app.config)?;
    let kids: Vec<_> = ring.list().into_iter().map(|key| key.kid).collect();
    app.tokens.replace_keys(ring);
    tracing::info!(?kids, "signing keys were read again; the first signs");
    Ok(())
}

/// `chemstock keys list`: what each key of the ring does, and nothing that is secret.
pub fn list_keys(config: &Config) -> anyhow::Result<ExitCode> {
    for key in key_ring(config)?.list() {
        let state = match key.state {
            KeyState::Active => "active: signs and verifies",
            KeyState::Next => "next: verifies; made after the active one",
            KeyState::Retiring => "retiring: verifies; made before the active one",
            KeyState::NextOrRetiring => {
                "next or retiring: verifies; there is no time above it, or above the active one"
            }
        };
        let made = key.made.map_or_else(|| "-".to_owned(), |made| made.to_rfc3339_opts(SecondsFormat::Secs, true));
        stdout::print(&format!("{}  {:<5}  {made:<20}  {state}\n", key.kid, key.algorithm))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn key_ring(config: &Config) -> anyhow::Result<KeyRing> {
    let keys = &config.jwt.private_keys;
    if keys.is_empty() {
        let made = load_or_create(&config.data_dir.join("jwt_key.pem"), KeyRing::generate_pem)?;
        return KeyRing::from_pems(&[made]).context("the key under DATA_DIR");
    }
    let read = |key: KeyText| key.text.with_context(|| format!("JWT_PRIVATE_KEYS: {} cannot be read", key.place));
    let pems: Vec<String> = keys.read().into_iter().map(read).collect::<anyhow::Result<_>>()?;
    KeyRing::from_pems(&pems).context("JWT_PRIVATE_KEYS")
}
