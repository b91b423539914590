//! The numbers of login: one-time codes, tokens, and who may sign up.

use std::time::Duration;

use secrecy::SecretString;

use super::keys::{self, PrivateKeys};
use super::vars::Vars;

#[derive(Debug, Clone)]
pub struct OtpConfig {
    /// Digits in a code.
    pub length: u8,
    pub ttl: Duration,
    /// Wrong guesses until a code is void.
    pub max_guesses: u32,
    /// Least time between two codes to one phone.
    pub resend: Duration,
    /// Codes to one phone.
    pub per_hour: u32,
    pub per_day: u32,
    /// What one client address may ask for and guess.
    pub address: AddressLimits,
}

#[derive(Debug, Clone, Copy)]
pub struct AddressLimits {
    pub requests_per_hour: u32,
    pub requests_per_day: u32,
    pub verifications_per_hour: u32,
    /// At how far a code has come.
    pub looks_per_minute: u32,
    pub failed_refreshes_per_minute: u32,
}

#[derive(Debug, Clone)]
pub struct JwtConfig {
    pub issuer: String,
    pub audience: String,
    pub private_keys: PrivateKeys,
    pub access_ttl: Duration,
    pub refresh_ttl: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    Invite,
    Open,
}

pub(super) fn otp(vars: &mut Vars) -> OtpConfig {
    OtpConfig {
        length: vars.number("OTP_LENGTH", 6..=8, 6),
        // NIST SP 800-63B-4, 3.1.3.2: an out-of-band secret is valid for at most ten minutes.
        ttl: Duration::from_secs(vars.number("OTP_TTL_SECONDS", 30..=600, 600)),
        max_guesses: vars.number("OTP_MAX_GUESSES", 1..=10, 5),
        resend: Duration::from_secs(vars.number("OTP_RESEND_SECONDS", 1..=600, 30)),
        per_hour: vars.number("MAX_OTP_ATTEMPTS_PER_HOUR", 1..=1_000, 5),
        per_day: vars.number("MAX_OTP_ATTEMPTS_PER_DAY", 1..=10_000, 20),
        address: AddressLimits {
            requests_per_hour: vars.number("MAX_OTP_REQUESTS_PER_ADDRESS_PER_HOUR", 1..=1_000_000, 10),
            requests_per_day: vars.number("MAX_OTP_REQUESTS_PER_ADDRESS_PER_DAY", 1..=1_000_000, 50),
            verifications_per_hour: vars.number("MAX_OTP_VERIFICATIONS_PER_ADDRESS_PER_HOUR", 1..=1_000_000, 60),
            looks_per_minute: vars.number("MAX_OTP_LOOKS_PER_ADDRESS_PER_MINUTE", 1..=1_000_000, 1200),
            failed_refreshes_per_minute: vars.number("MAX_FAILED_REFRESHES_PER_ADDRESS_PER_MINUTE", 1..=1_000_000, 60),
        },
    }
}

/// The issuer is empty when neither `JWT_ISSUER` nor `PUBLIC_URL` says one.
pub(super) fn jwt(vars: &mut Vars, public_url: Option<&str>) -> JwtConfig {
    let issuer = vars.text("JWT_ISSUER").or(public_url.map(ToOwned::to_owned));
    JwtConfig {
        issuer: issuer.unwrap_or_default(),
        audience: vars.text("JWT_AUDIENCE").unwrap_or_else(|| "chemstock".to_owned()),
        private_keys: keys::read(vars),
        access_ttl: Duration::from_secs(vars.number("ACCESS_TOKEN_SECONDS", 60..=3_600, 600)),
        refresh_ttl: Duration::from_secs(86_400 * vars.number("REFRESH_TOKEN_DAYS", 1..=365, 30)),
    }
}

pub(super) fn sign_up(vars: &mut Vars) -> SignUp {
    vars.choice("SIGN_UP", &[("invite", SignUp::Invite), ("open", SignUp::Open)], SignUp::Invite)
}

pub(super) fn secret_key(vars: &mut Vars) -> Option<SecretString> {
    let expected = "at least 32 bytes, such as `openssl rand -base64 32` prints";
    vars.parsed("SECRET_KEY", expected, |text| (text.len() >= 32).then(|| SecretString::from(text)))
}
