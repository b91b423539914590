//! New signing keys, in version 1 of PKCS#8, which OpenSSL reads as well.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::Unspecified,
    rsa::{self, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::{DateTime, SecondsFormat, Utc};

use super::{KeyRing, keys::MADE};

/// By the name that RFC 7518 and RFC 8037 give the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyKind {
    /// Ed25519: small and fast.
    #[value(name = "EdDSA")]
    EdDsa,
    /// P-256.
    #[value(name = "ES256")]
    Es256,
    /// RSA of 3072 bits, for verifiers that know nothing else: its tokens are longer, and signing them takes longest.
    #[value(name = "RS256")]
    Rs256,
}

impl KeyRing {
    /// A new key in PEM, with the time above it.
    pub fn generate_file(kind: KeyKind, now: DateTime<Utc>) -> String {
        format!("{MADE}{}\n{}", now.to_rfc3339_opts(SecondsFormat::Secs, true), Self::generate_pem_of(kind))
    }

    /// A new Ed25519 key in PEM.
    pub fn generate_pem() -> String {
        Self::generate_pem_of(KeyKind::EdDsa)
    }

    pub fn generate_pem_of(kind: KeyKind) -> String {
        let document = match kind {
            KeyKind::EdDsa => ed25519(),
            KeyKind::Es256 => p256(),
            KeyKind::Rs256 => rsa_3072(),
        };
        let text = BASE64_STANDARD.encode(document.expect("a machine without randomness cannot serve logins"));
        let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
        // RFC 7468, 2: lines of 64 characters; some readers take no longer ones.
        for line in text.as_bytes().chunks(64) {
            pem.extend(line.iter().copied().map(char::from));
            pem.push('\n');
        }
        pem + "-----END PRIVATE KEY-----\n"
    }
}

fn ed25519() -> Result<Vec<u8>, Unspecified> {
    Ok(Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec())
}

fn p256() -> Result<Vec<u8>, Unspecified> {
    Ok(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec())
}

fn rsa_3072() -> Result<Vec<u8>, Unspecified> {
    let document: Pkcs8V1Der<'_> = rsa::KeyPair::generate(KeySize::Rsa3072)?.as_der()?;
    Ok(document.as_ref().to_vec())
}
