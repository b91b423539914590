//! Status callbacks, and how they are signed (<https://www.twilio.com/docs/usage/webhooks/webhooks-security>).

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY},
};
use base64::prelude::{BASE64_STANDARD, Engine};
use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

use super::{Twilio, codes, price};
use crate::{
    base::secrets::constant_time_eq,
    clients::{
        outbound::{Callback, Distrust, Receipt, ReceiptState, plain_code},
        reading,
    },
};

/// The hash of a body that is no form.
const BODY_HASH: &str = "bodySHA256";
/// Comes with what a shared key has signed instead of the auth token.
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";

/// A name may come several times; Twilio signs each value of it once.
type Fields = BTreeMap<String, BTreeSet<String>>;

impl Twilio {
    pub fn receipts(&self, callback: &Callback<'_>) -> Result<Vec<Receipt>, Distrust> {
        if let Some(settings) = callback.headers.get(SETTINGS) {
            return Err(distrust_of(settings.to_str().unwrap_or_default()));
        }
        let fields = self.signed_fields(callback)?;
        let field = |name: &str| fields.get(name).and_then(BTreeSet::first).map_or("", String::as_str);
        let code = Some(field("ErrorCode")).filter(|code| !code.is_empty());
        let state = match field("MessageStatus") {
            "sent" => ReceiptState::Sent,
            "delivered" | "read" => ReceiptState::Delivered,
            "failed" | "undelivered" => ReceiptState::Failed(codes::meaning_or_later(code)),
            // On its way to being sent.
            _ => return Ok(Vec::new()),
        };
        Ok(vec![Receipt {
            id: reading::id(field("MessageSid")).ok_or(Distrust::Unreadable)?.to_owned(),
            reference: in_query(callback.url, "reference").and_then(|reference| Uuid::parse_str(&reference).ok()),
            state,
            price: price(field("Price"), field("PriceUnit")),
            code: code.map(plain_code),
        }])
    }

    fn signed_fields(&self, callback: &Callback<'_>) -> Result<Fields, Distrust> {
        let tag = BASE64_STANDARD.decode(callback.header("x-twilio-signature")).map_err(|_| Distrust::Forged)?;
        let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.config.auth_token.expose_secret().as_bytes());
        let body_hash = in_query(callback.url, BODY_HASH);
        let form = if body_hash.is_some() { Fields::new() } else { form(callback.body) };
        let pairs = form.iter().flat_map(|(name, values)| values.iter().flat_map(move |value| [name.as_str(), value]));
        let pairs: String = pairs.collect();
        let is_ours = |url: String| hmac::verify(&key, (url + &pairs).as_bytes(), &tag).is_ok();
        // Twilio's own libraries try both: not all of its services name the port alike.
        if !is_ours(callback.url.to_owned()) && !with_other_port(callback.url).is_some_and(is_ours) {
            return Err(Distrust::Forged);
        }
        match body_hash {
            None => Ok(form),
            Some(expected) if constant_time_eq(expected.as_bytes(), hex(callback.body).as_bytes()) => {
                json(callback.body)
            }
            Some(_) => Err(Distrust::Forged),
        }
    }
}

/// We have no shared key. Nothing that such a header says may make the auth token good for it.
fn distrust_of(settings: &str) -> Distrust {
    let algorithm = settings.split(',').find_map(|setting| setting.trim().strip_prefix("algorithm="));
    match algorithm {
        Some("HMAC_SHA256" | "HMAC_SHA1") => Distrust::NotSetUp,
        _ => Distrust::Forged,
    }
}

fn form(body: &[u8]) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in form_urlencoded::parse(body) {
        fields.entry(name.into_owned()).or_default().insert(value.into_owned());
    }
    fields
}

fn json(body: &[u8]) -> Result<Fields, Distrust> {
    let fields: BTreeMap<String, Value> = serde_json::from_slice(body).map_err(|_| Distrust::Unreadable)?;
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name, BTreeSet::from([reading::code(&value)?]))));
    Ok(fields.collect())
}

/// Of the URL, which is signed.
fn in_query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Without its port, or else with the usual one.
fn with_other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let port = if scheme == "https" { 443 } else { 80 };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match authority.rsplit_once(':').filter(|(_, port)| is_port(port)) {
        Some((host, _)) => Some(format!("{scheme}://{host}{path}")),
        None => Some(format!("{scheme}://{authority}:{port}{path}")),
    }
}

fn hex(body: &[u8]) -> String {
    crate::base::secrets::hex(digest(&SHA256, body).as_ref())
}
