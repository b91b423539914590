//! Meta's WhatsApp Cloud API, as of v23.0: messages by template, and signed webhooks.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderMap;
use chemstock::clients::outbound::Failure;
use serde_json::{Value, json};

use super::{super::hex, Asked, Contract, Reply};

pub const CONTRACT: Contract = Contract { name: "whatsapp", vars, answer, errors };

pub const NUMBER_ID: &str = "106540352242922";
pub const TOKEN: &str = "EAAJB0000000000000000000000";
pub const TEMPLATE: &str = "login_code";
pub const LANGUAGES: [&str; 3] = ["en_US", "pt_BR", "de"];
pub const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const VERIFY_TOKEN: &str = "meta shows this";
/// Has no WhatsApp.
pub const NOBODY: &str = "+12025550199";

fn vars(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("WHATSAPP_BASE_URL", url.to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", NUMBER_ID.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", TOKEN.to_owned()),
        ("WHATSAPP_TEMPLATE", TEMPLATE.to_owned()),
        ("WHATSAPP_LANGUAGES", LANGUAGES.join(",")),
        ("WHATSAPP_APP_SECRET", APP_SECRET.to_owned()),
        ("WHATSAPP_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
    ]
}

fn answer(asked: &Asked) -> Reply {
    if asked.header("authorization") != format!("Bearer {TOKEN}") {
        return error(401, 190, "Invalid OAuth access token.");
    }
    match (asked.method.as_str(), asked.path.as_str(), asked.query.as_str()) {
        ("GET", path, "fields=id") if path == format!("/v23.0/{NUMBER_ID}") => {
            Reply::json(200, &json!({ "id": NUMBER_ID }))
        }
        ("POST", path, "") if path == format!("/v23.0/{NUMBER_ID}/messages") => message(asked),
        _ => error(400, 100, "Unsupported request. Object does not exist."),
    }
}

fn message(asked: &Asked) -> Reply {
    let body = asked.json();
    let to = body["to"].as_str().unwrap_or_default();
    let digits = to.strip_prefix('+').unwrap_or(to);
    let language = &body["template"]["language"]["code"];
    let code = &body["template"]["components"][0]["parameters"][0]["text"];
    let parameters = json!([{ "type": "text", "text": code }]);
    let expected = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "template",
        "template": {
            "name": body["template"]["name"],
            "language": { "code": language },
            "components": [
                { "type": "body", "parameters": parameters },
                { "type": "button", "sub_type": "url", "index": "0", "parameters": parameters },
            ],
        },
        "biz_opaque_callback_data": body["biz_opaque_callback_data"],
    });
    let is_note = |note: &str| note.len() <= 512;
    let code_fits = code.as_str().is_some_and(|code| (1..=15).contains(&code.len()));
    let is_phone = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if asked.header("content-type") != "application/json" || body != expected {
        return error(400, 100, "Invalid parameter");
    }
    if !is_phone || !body["biz_opaque_callback_data"].as_str().is_some_and(is_note) {
        return error(400, 131_009, "Parameter value is not valid");
    }
    if body["template"]["name"] != TEMPLATE || !LANGUAGES.iter().any(|there| language == there) {
        return error(404, 132_001, "Template name does not exist in the translation");
    }
    if !code_fits {
        return error(400, 132_005, "Translated text too long");
    }
    if to == NOBODY {
        return error(400, 131_026, "Message undeliverable");
    }
    let accepted = json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": digits }],
        "messages": [{ "id": message_id(digits), "message_status": "accepted" }],
    });
    Reply::json(200, &accepted)
}

pub fn message_id(digits: &str) -> String {
    format!("wamid.HBgL{digits}FQIAERgSNTY3QQ==")
}

fn error(status: u16, code: u32, message: &str) -> Reply {
    let error = json!({ "error": {
        "message": format!("(#{code}) {message}"),
        "type": "OAuthException",
        "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": message },
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }});
    Reply::json(status, &error)
}

/// WhatsApp Cloud API, error codes.
const ERRORS: &[(&str, u16, &str, Failure)] = &[
    ("0", 401, "AuthException", Failure::Misconfigured),
    ("1", 400, "API Unknown", Failure::TryLater),
    ("2", 503, "API Service", Failure::TryLater),
    ("3", 500, "API Method", Failure::Misconfigured),
    ("4", 400, "API Too Many Calls", Failure::TryLater),
    ("10", 403, "Permission Denied", Failure::Misconfigured),
    ("33", 400, "Parameter value is not valid", Failure::Misconfigured),
    ("100", 400, "Invalid parameter", Failure::Misconfigured),
    ("190", 401, "Access token has expired", Failure::Misconfigured),
    ("200", 403, "API Permission", Failure::Misconfigured),
    ("299", 403, "API Permission", Failure::Misconfigured),
    ("368", 403, "Temporarily blocked for policies violations", Failure::Blocked),
    ("80007", 400, "Rate limit issues", Failure::TryLater),
    ("130429", 400, "Rate limit hit", Failure::TryLater),
    ("130472", 400, "User's number is part of an experiment", Failure::Blocked),
    ("130497", 403, "Business account is restricted from messaging users in this country", Failure::Blocked),
    ("131000", 500, "Something went wrong", Failure::TryLater),
    ("131005", 403, "Access denied", Failure::Misconfigured),
    ("131008", 400, "Required parameter is missing", Failure::Misconfigured),
    ("131009", 400, "Parameter value is not valid", Failure::Misconfigured),
    ("131016", 500, "Service unavailable", Failure::TryLater),
    ("131021", 400, "Recipient cannot be sender", Failure::NumberRefused),
    ("131026", 400, "Message undeliverable", Failure::NumberRefused),
    ("131030", 400, "Recipient phone number not in allowed list", Failure::Misconfigured),
    ("131031", 403, "Account has been locked", Failure::Misconfigured),
    ("131037", 400, "Display name needs approval", Failure::Misconfigured),
    ("131042", 400, "Business eligibility payment issue", Failure::Misconfigured),
    ("131045", 500, "Incorrect certificate", Failure::Misconfigured),
    ("131047", 400, "Re-engagement message", Failure::Blocked),
    ("131048", 400, "Spam rate limit hit", Failure::Blocked),
    ("131049", 400, "Meta chose not to deliver", Failure::Blocked),
    ("131050", 400, "User has stopped marketing messages", Failure::ConsentWithdrawn),
    ("131051", 400, "Unsupported message type", Failure::Misconfigured),
    ("131056", 400, "Business account, consumer account pair rate limit hit", Failure::TryLater),
    ("131057", 500, "Account in maintenance mode", Failure::TryLater),
    ("132000", 400, "Template parameter count mismatch", Failure::Misconfigured),
    ("132001", 404, "Template does not exist", Failure::Misconfigured),
    ("132005", 400, "Template hydrated text too long", Failure::Misconfigured),
    ("132007", 400, "Template format character policy violated", Failure::Misconfigured),
    ("132012", 400, "Template parameter format mismatch", Failure::Misconfigured),
    ("132015", 400, "Template is paused", Failure::Misconfigured),
    ("132016", 400, "Template is disabled", Failure::Misconfigured),
    ("133004", 503, "Server temporarily unavailable", Failure::TryLater),
    ("133005", 400, "Two-step verification PIN mismatch", Failure::Misconfigured),
    ("133006", 400, "Phone number re-verification needed", Failure::Misconfigured),
    ("133010", 400, "Phone number not registered", Failure::Misconfigured),
    ("133016", 400, "Account register deregister rate limit exceeded", Failure::TryLater),
    // Those that no list has yet go by the status.
    ("199999", 429, "New", Failure::TryLater),
    ("199998", 400, "New", Failure::Misconfigured),
];

fn errors() -> Vec<(&'static str, Reply, Failure)> {
    let reply = |&(code, status, text, why): &(&'static str, u16, &str, Failure)| {
        (code, error(status, code.parse().unwrap(), text), why)
    };
    let mut errors: Vec<_> = ERRORS.iter().map(reply).collect();
    errors.push(("http-502", Reply::html(502), Failure::TryLater));
    errors.push(("http-401", Reply::json(401, &json!({ "error": "no" })), Failure::Misconfigured));
    errors
}

/// Of one message, whose state is `status`.
pub fn status_webhook(status: &Value) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": [{
        "field": "messages",
        "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": NUMBER_ID },
            "statuses": [status],
        },
    }]}]})
}

pub fn signed(body: &[u8]) -> HeaderMap {
    let signature = format!("sha256={}", hmac_sha256(APP_SECRET.as_bytes(), body));
    HeaderMap::from_iter([("x-hub-signature-256".parse().unwrap(), signature.parse().unwrap())])
}

/// By its definition (RFC 2104), for a key of at most a block.
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> String {
    let padded = |pad: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ pad).collect() };
    let inner = digest(&SHA256, &[&padded(0x36), text].concat());
    hex(digest(&SHA256, &[&padded(0x5c), inner.as_ref()].concat()))
}
