//! What a provider sends to its webhook, which no document can show: it is signed.

use super::world::Request;
use crate::support::providers::whatsapp::hmac_sha256;

/// A provider with a webhook, which nobody is asked to send through.
pub const VARS: [(&str, &str); 6] = [
    ("WHATSAPP_PHONE_NUMBER_ID", "1"),
    ("WHATSAPP_ACCESS_TOKEN", "token"),
    ("WHATSAPP_TEMPLATE", "login_code"),
    ("WHATSAPP_APP_SECRET", "app secret"),
    ("WHATSAPP_VERIFY_TOKEN", "verify"),
    ("WHATSAPP_BASE_URL", "http://127.0.0.1:1"),
];
pub const META_ASKS: &str = "hub.mode=subscribe&hub.verify_token=verify&hub.challenge=1158201444";

/// No document can show a signature.
pub fn signed_by_meta(request: Request) -> Request {
    let body = r#"{"object":"whatsapp_business_account","entry":[]}"#;
    let tag = hmac_sha256(b"app secret", body.as_bytes());
    let signature = ("X-Hub-Signature-256".to_owned(), format!("sha256={tag}"));
    Request { body: Some(body.to_owned()), headers: vec![signature], ..request }
}
