//! Delivery receipts. They are signed if the account asks for it, with the algorithm "SHA-256 HMAC"
//! (<https://developer.vonage.com/en/getting-started/concepts/signing-messages>), or as all newer webhooks are
//! (<https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks>). The default of
//! accounts, "MD5 hash", is not believed.

use std::collections::BTreeMap;

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac::{self, HMAC_SHA256},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

use super::{Vonage, codes};
use crate::{
    base::secrets::constant_time_eq,
    clients::{
        outbound::{Callback, Distrust, Failure, Receipt, ReceiptState, plain_code},
        reading,
    },
};

/// In seconds; either way, as clocks differ.
const FRESH: u64 = 15 * 60;

/// In the order in which they are signed. Of a name that comes twice one value is signed, and the same is read.
type Fields = BTreeMap<String, String>;

impl Vonage {
    pub fn receipts(&self, callback: &Callback<'_>) -> Result<Vec<Receipt>, Distrust> {
        let secret = self.config.signature_secret.as_ref().ok_or(Distrust::NotSetUp)?.expose_secret().as_bytes();
        let fields = match callback.header("authorization").split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                self.with_token(callback, token, secret)?
            }
            _ => with_sig(callback, secret)?,
        };
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let code = Some(field("err-code")).filter(|code| !matches!(*code, "" | "0"));
        let failed = |otherwise| ReceiptState::Failed(code.and_then(codes::of_receipt).unwrap_or(otherwise));
        let state = match field("status") {
            "accepted" | "buffered" => ReceiptState::Sent,
            "delivered" => ReceiptState::Delivered,
            "rejected" => failed(Failure::Blocked),
            "expired" | "failed" | "deleted" => failed(Failure::TryLater),
            _ => return Ok(Vec::new()),
        };
        Ok(vec![Receipt {
            id: reading::id(field("messageId")).ok_or(Distrust::Unreadable)?.to_owned(),
            reference: Uuid::parse_str(field("client-ref")).ok(),
            state,
            // It would be that of one part; that of the whole was told at once.
            price: None,
            code: code.map(plain_code),
        }])
    }

    /// A JWT of HS256. It says nothing of the query, so that only the body is read.
    fn with_token(&self, callback: &Callback<'_>, token: &str, secret: &[u8]) -> Result<Fields, Distrust> {
        let claims = claims(token, secret).ok_or(Distrust::Forged)?;
        let hash = claims["payload_hash"].as_str().and_then(bytes).ok_or(Distrust::Forged)?;
        let is_of_this_account = claims["api_key"].as_str().is_none_or(|key| key == self.config.api_key);
        if !is_of_this_account || !constant_time_eq(&hash, digest(&SHA256, callback.body).as_ref()) {
            return Err(Distrust::Forged);
        }
        check_age(callback, claims["iat"].as_i64().ok_or(Distrust::Unreadable)?)?;
        read(callback.body).ok_or(Distrust::Unreadable)
    }
}

/// The parameter `sig`, over all others.
fn with_sig(callback: &Callback<'_>, secret: &[u8]) -> Result<Fields, Distrust> {
    let told = if callback.body.is_empty() { callback.query.as_bytes() } else { callback.body };
    let mut fields = read(told).ok_or(Distrust::Forged)?;
    let sig = fields.remove("sig").and_then(|sig| bytes(&sig)).ok_or(Distrust::Forged)?;
    let plain = |text: &str| text.replace(['&', '='], "_");
    let pair = |(name, value): (&String, &String)| format!("&{}={}", plain(name), plain(value));
    let signed: String = fields.iter().map(pair).collect();
    hmac::verify(&hmac::Key::new(HMAC_SHA256, secret), signed.as_bytes(), &sig).map_err(|_| Distrust::Forged)?;
    let at = fields.get("timestamp").and_then(|at| at.parse().ok()).ok_or(Distrust::Unreadable)?;
    check_age(callback, at)?;
    Ok(fields)
}

fn check_age(callback: &Callback<'_>, at: i64) -> Result<(), Distrust> {
    if callback.now.timestamp().abs_diff(at) > FRESH { Err(Distrust::Stale) } else { Ok(()) }
}

/// The library would check times by the system clock: it checks the signature alone, and that of this algorithm only.
fn claims(token: &str, secret: &[u8]) -> Option<Value> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(token, &DecodingKey::from_secret(secret), &validation).ok().map(|token| token.claims)
}

/// A form, or the same as a flat object of JSON.
fn read(told: &[u8]) -> Option<Fields> {
    if told.first() != Some(&b'{') {
        return Some(form_urlencoded::parse(told).into_owned().collect());
    }
    let fields: BTreeMap<String, Value> = serde_json::from_slice(told).ok()?;
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    fields.into_iter().map(|(name, value)| Some((name, text(value)?))).collect()
}

/// Of hexadecimal digits in capitals or not, as Vonage writes both.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = hex.as_bytes().iter().map(digit).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
