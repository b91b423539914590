//! Vonage's SMS API, and the balance of its Account API: errors come with status 200; receipts are signed in two ways.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac::{HMAC_SHA256, Key, sign},
};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use chemstock::clients::outbound::Failure;
use serde_json::{Map, Value, json};

use super::{super::hex, Asked, Contract, Reply, posted::Posted};

pub const CONTRACT: Contract = Contract { name: "vonage", vars, answer, errors };

pub const KEY: &str = "abcd1234";
pub const SECRET: &str = "abcdef0123456789";
pub const FROM: &str = "Chemstock";
pub const SIGNATURE_SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789";
pub const MESSAGE: &str = "0C000000217B7F02";
pub const PRICE: &str = "0.03330000";
/// Is barred.
pub const NOBODY: &str = "+12025550199";
const WEBHOOK: &str = "https://lab.example.org/v1/webhooks/vonage";

fn vars(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("VONAGE_BASE_URL", url.to_owned()),
        ("VONAGE_API_KEY", KEY.to_owned()),
        ("VONAGE_API_SECRET", SECRET.to_owned()),
        ("VONAGE_FROM", FROM.to_owned()),
        ("VONAGE_SIGNATURE_SECRET", SIGNATURE_SECRET.to_owned()),
    ]
}

fn answer(asked: &Asked) -> Reply {
    match (asked.method.as_str(), asked.path.as_str(), asked.query.as_str()) {
        ("POST", "/sms/json", "") => sms(asked),
        ("GET", "/account/get-balance", "") => {
            let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{KEY}:{SECRET}")));
            if asked.header("authorization") == expected {
                return balance(&json!(10.28), false);
            }
            let wrong = json!({ "error-code": "401", "error-code-label": "authentication failed" });
            Reply::json(401, &wrong)
        }
        _ => Reply::json(404, &json!({ "type": "about:blank", "title": "Not Found" })),
    }
}

pub fn balance(value: &Value, reloads: bool) -> Reply {
    Reply::json(200, &json!({ "value": value, "autoReload": reloads }))
}

const FIELDS: [&str; 10] =
    ["api_key", "api_secret", "from", "to", "text", "type", "ttl", "status-report-req", "callback", "client-ref"];

fn sms(asked: &Asked) -> Reply {
    let form = asked.form();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if !asked.header("content-type").starts_with("application/x-www-form-urlencoded")
        || form.keys().any(|name| !FIELDS.contains(&name.as_str()))
    {
        return error("3", "Invalid params");
    }
    if ["api_key", "api_secret", "from", "to", "text"].iter().any(|name| field(name).is_empty()) {
        return error("2", "Missing to param");
    }
    if field("api_key") != KEY || field("api_secret") != SECRET {
        return error("4", "Bad Credentials");
    }
    let is_number = |text: &str| (7..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_name =
        |text: &str| text.len() <= 11 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
    if !is_number(field("from")) && !is_name(field("from")) {
        return error("15", "Illegal Sender Address - rejected");
    }
    if !is_number(field("to")) {
        return error("3", "to address is not numeric");
    }
    if field("callback").len() > 100 || form.get("callback").is_some_and(|url| !url.starts_with("http")) {
        return error("23", "Invalid callback url");
    }
    let is_unicode = field("text").chars().any(|c| !is_in_the_alphabet(c));
    let type_is_right = if is_unicode { field("type") == "unicode" } else { matches!(field("type"), "" | "text") };
    let lives = field("ttl").parse().is_ok_and(|ttl| (20_000..=604_800_000).contains::<u64>(&ttl));
    if !lives
        || !type_is_right
        || !matches!(field("status-report-req"), "" | "true" | "false")
        || field("client-ref").len() > 100
    {
        return error("3", "Invalid params");
    }
    if NOBODY.strip_prefix('+') == Some(field("to")) {
        return error("7", "Number barred");
    }
    let parts = if field("text").chars().count() > if is_unicode { 70 } else { 160 } { 2 } else { 1 };
    let parts: Vec<_> = (0..parts).map(|nth| part("0", &message_id(asked, nth))).collect();
    answered(&parts)
}

/// Another for every part of every message.
pub fn message_id(asked: &Asked, nth: u64) -> String {
    let hash = digest(&SHA256, asked.body.as_bytes());
    format!("{:016X}", u64::from_be_bytes(hash.as_ref()[..8].try_into().expect("8 bytes")) & !1 | nth)
}

/// GSM 03.38, as far as it goes beyond ASCII.
fn is_in_the_alphabet(c: char) -> bool {
    let beyond = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€";
    (' '..='~').contains(&c) && c != '`' || matches!(c, '\n' | '\r' | '\u{c}') || beyond.contains(c)
}

pub fn part(status: &str, id: &str) -> Value {
    json!({ "to": "12025550123", "message-id": id, "status": status, "remaining-balance": "15.53590000",
        "message-price": PRICE, "network": "310260", "client-ref": "" })
}

pub fn failed_part(status: &str, text: &str) -> Value {
    json!({ "to": "12025550123", "status": status, "error-text": text })
}

pub fn answered(parts: &[Value]) -> Reply {
    Reply::json(200, &json!({ "message-count": parts.len().to_string(), "messages": parts }))
}

fn error(status: &str, text: &str) -> Reply {
    answered(&[failed_part(status, text)])
}

/// Vonage SMS API, error codes; 99 is none of them.
fn errors() -> Vec<(&'static str, Reply, Failure)> {
    use Failure::{Misconfigured, NumberRefused, TryLater};
    let known = [
        ("1", "Throttled", TryLater),
        ("2", "Missing Parameters", Misconfigured),
        ("3", "Invalid Parameters", Misconfigured),
        ("4", "Invalid Credentials", Misconfigured),
        ("5", "Internal Error", TryLater),
        ("6", "Invalid Message", NumberRefused),
        ("7", "Number Barred", NumberRefused),
        ("8", "Partner Account Barred", Misconfigured),
        ("9", "Partner Quota Violation", Misconfigured),
        ("10", "Too Many Existing Binds", TryLater),
        ("11", "Account Not Enabled For HTTP", Misconfigured),
        ("12", "Message Too Long", Misconfigured),
        ("14", "Invalid Signature", Misconfigured),
        ("15", "Invalid Sender Address", Misconfigured),
        ("22", "Invalid Network Code", Misconfigured),
        ("23", "Invalid Callback URL", Misconfigured),
        ("29", "Non-Whitelisted Destination", Misconfigured),
        ("32", "Signature And API Secret Disallowed", Misconfigured),
        ("33", "Number De-activated", NumberRefused),
        ("99", "", TryLater),
    ];
    known.into_iter().map(|(status, text, why)| (status, error(status, text), why)).collect()
}

/// How a receipt travels; which one is a setting of the account.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    Query,
    Form,
    Json,
}

pub type Fields = Vec<(&'static str, String)>;

/// Of a delivery receipt.
pub fn fields(status: &str, code: &str, reference: &str, at: i64) -> Fields {
    vec![
        ("msisdn", "12025550123".to_owned()),
        ("to", FROM.to_owned()),
        ("network-code", "310260".to_owned()),
        ("messageId", MESSAGE.to_owned()),
        ("price", PRICE.to_owned()),
        ("status", status.to_owned()),
        ("scts", "2701150800".to_owned()),
        ("err-code", code.to_owned()),
        ("api-key", KEY.to_owned()),
        ("client-ref", reference.to_owned()),
        ("message-timestamp", "2027-01-15 08:00:00".to_owned()),
        ("timestamp", at.to_string()),
        ("nonce", "aaaaaaaa-bbbb-cccc-dddd-0123456789ab".to_owned()),
    ]
}

/// With the parameter `sig`, of SHA-256 HMAC.
pub fn receipt(way: Way, mut fields: Fields) -> Posted {
    let mut sorted = fields.clone();
    sorted.sort_unstable();
    let pair = |(name, value): &(&str, String)| format!("&{name}={}", value.replace(['&', '='], "_"));
    let signed: String = sorted.iter().map(pair).collect();
    let sig = sign(&Key::new(HMAC_SHA256, SIGNATURE_SECRET.as_bytes()), signed.as_bytes());
    fields.push(("sig", sig.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat()));
    unsigned(way, &fields)
}

pub fn unsigned(way: Way, fields: &Fields) -> Posted {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    match way {
        Way::Query => Posted::new(&format!("{WEBHOOK}?{form}"), &[], ""),
        Way::Form => Posted::new(WEBHOOK, &[("content-type", "application/x-www-form-urlencoded")], form),
        Way::Json => Posted::new(WEBHOOK, &[("content-type", "application/json")], as_json(fields)),
    }
}

pub fn as_json(fields: &Fields) -> String {
    let fields: Map<_, _> = fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    Value::Object(fields).to_string()
}

/// What a token says of this body.
pub fn claims(body: &str, at: i64) -> Value {
    let hash = hex(digest(&SHA256, body.as_bytes()));
    json!({ "iat": at, "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5", "iss": "Vonage", "payload_hash": hash,
        "api_key": KEY })
}

pub fn with_token(header: &Value, claims: &Value, body: &str) -> Posted {
    let part = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = sign(&Key::new(HMAC_SHA256, SIGNATURE_SECRET.as_bytes()), signed.as_bytes());
    let token = format!("Bearer {signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    Posted::new(WEBHOOK, &[("content-type", "application/json"), ("authorization", &token)], body)
}
