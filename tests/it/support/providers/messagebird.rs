//! `MessageBird`'s REST API, and its status reports with their signature.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use chemstock::clients::outbound::Failure;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    super::{
        hex,
        outside::{Asked, Reply},
    },
    Contract,
    posted::Posted,
};

pub const ACCESS_KEY: &str = "test_access_key";
pub const SIGNING_KEY: &str = "test_signing_key";
pub const MESSAGE_ID: &str = "6fe65f90454aa61536e6a88b88972670";
/// Its network refuses the message at once.
pub const REFUSED: &str = "+12025550198";

pub const CONTRACT: Contract = Contract { name: "messagebird", vars, answer, errors };

fn vars(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("MESSAGEBIRD_ACCESS_KEY", ACCESS_KEY.to_owned()),
        ("MESSAGEBIRD_ORIGINATOR", "Chemstock".to_owned()),
        ("MESSAGEBIRD_SIGNING_KEY", SIGNING_KEY.to_owned()),
        ("MESSAGEBIRD_BASE_URL", url.to_owned()),
    ]
}

fn answer(asked: &Asked) -> Reply {
    if asked.header("authorization") != format!("AccessKey {ACCESS_KEY}") {
        return error(401, 2, "Request not allowed (incorrect access_key)", "access_key");
    }
    match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/messages") => match refusal(asked) {
            Some((code, parameter)) => error(422, code, "not as it must be", parameter),
            None => created(&asked.json()),
        },
        ("GET", "/balance") if asked.body.is_empty() => {
            Reply::json(200, &json!({"payment": "prepaid", "type": "euros", "amount": 12.5}))
        }
        (_, "/messages" | "/balance") => error(405, 20, "method not allowed", ""),
        _ => error(404, 20, "message not found", "message"),
    }
}

/// What is wrong with it: the code of the error and the field.
fn refusal(asked: &Asked) -> Option<(u64, &'static str)> {
    let body = asked.json();
    let fields = body.as_object().filter(|_| asked.header("content-type") == "application/json");
    let Some(fields) = fields else { return Some((21, "")) };
    let known =
        ["originator", "recipients", "body", "type", "datacoding", "validity", "reference", "reportUrl", "typeDetails"];
    if fields.keys().any(|name| !known.contains(&name.as_str())) {
        return Some((21, "unknown"));
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let is_number = |text: &str| (7..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let originator = text("originator");
    let is_name = (1..=11).contains(&originator.len()) && !originator.contains('+');
    let checks = [
        ("originator", is_name || is_number(originator)),
        ("body", (1..=1377).contains(&text("body").chars().count())),
        ("type", body["type"].is_null() || ["sms", "binary", "flash"].contains(&text("type"))),
        ("datacoding", body["datacoding"].is_null() || ["plain", "unicode", "auto"].contains(&text("datacoding"))),
        ("validity", body["validity"].is_null() || body["validity"].as_u64().is_some_and(|seconds| seconds > 0)),
        ("reference", body["reference"].is_null() || (1..=128).contains(&text("reference").len())),
        ("reportUrl", body["reportUrl"].is_null() || text("reportUrl").starts_with("https://")),
    ];
    if let Some((name, _)) = checks.iter().find(|(_, is_fine)| !is_fine) {
        return Some((if body[*name].is_null() { 9 } else { 10 }, name));
    }
    let recipients = body["recipients"].as_array().filter(|recipients| !recipients.is_empty());
    let are_numbers = recipients.is_some_and(|all| all.iter().all(|one| one.as_str().is_some_and(is_number)));
    (!are_numbers).then_some((9, "recipients"))
}

fn created(asked: &Value) -> Reply {
    let recipient = asked["recipients"][0].as_str().unwrap_or_default();
    let fails = REFUSED.ends_with(recipient);
    let mut item = json!({
        "recipient": recipient.parse::<u64>().unwrap(), "status": "sent",
        "statusDatetime": "2027-01-15T08:00:00+00:00", "messagePartCount": 1,
        "price": {"amount": 0.075, "currency": "EUR"},
    });
    if fails {
        item["status"] = "delivery_failed".into();
        item["statusReason"] = "unknown subscriber".into();
        item["statusErrorCode"] = 1.into();
    }
    let body = json!({
        "id": MESSAGE_ID, "href": format!("https://rest.messagebird.com/messages/{MESSAGE_ID}"), "direction": "mt",
        "type": "sms", "originator": asked["originator"], "body": asked["body"], "reference": asked["reference"],
        "validity": asked["validity"], "gateway": 239, "typeDetails": {}, "datacoding": "plain", "mclass": 1,
        "scheduledDatetime": null, "createdDatetime": "2027-01-15T08:00:00+00:00",
        "recipients": {
            "totalCount": 1, "totalSentCount": i32::from(!fails), "totalDeliveredCount": 0,
            "totalDeliveryFailedCount": i32::from(fails), "items": [item],
        },
    });
    Reply::json(201, &body)
}

fn error(status: u16, code: u64, description: &str, parameter: &str) -> Reply {
    let parameter = if parameter.is_empty() { Value::Null } else { parameter.into() };
    Reply::json(status, &json!({"errors": [{"code": code, "description": description, "parameter": parameter}]}))
}

/// `MessageBird` REST API, "Errors".
fn errors() -> Vec<(&'static str, Reply, Failure)> {
    use Failure::{Misconfigured, NumberRefused, TryLater};
    vec![
        ("2", error(401, 2, "Request not allowed (incorrect access_key)", "access_key"), Misconfigured),
        ("9", error(422, 9, "no (correct) recipients found", "recipients"), NumberRefused),
        ("10", error(422, 10, "invalid recipient", "recipient"), NumberRefused),
        ("9", error(422, 9, "originator is required", "originator"), Misconfigured),
        ("10", error(422, 10, "originator is invalid", "originator"), Misconfigured),
        ("20", error(404, 20, "message not found", "message"), Misconfigured),
        ("20", error(405, 20, "method not allowed", ""), Misconfigured),
        ("21", error(422, 21, "bad request", ""), Misconfigured),
        ("25", error(422, 25, "not enough balance", ""), Misconfigured),
        ("98", error(400, 98, "not found", ""), TryLater),
        ("99", error(500, 99, "internal error", ""), TryLater),
        ("99", error(422, 99, "internal error", ""), TryLater),
        ("2", error(429, 2, "too many requests", ""), TryLater),
        ("777", error(422, 777, "something new", ""), Misconfigured),
        ("http-401", Reply::html(401), Misconfigured),
        ("http-429", Reply::html(429), TryLater),
        ("http-500", Reply::html(500), TryLater),
    ]
}

/// A status report: a GET of our address with its fields behind, signed at that time.
pub fn report(now: DateTime<Utc>, address: &str, fields: &[(&str, &str)]) -> Posted {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let joint = if address.contains('?') { '&' } else { '?' };
    let url = format!("{address}{joint}{query}");
    let token = token(hmac::HMAC_SHA256, SIGNING_KEY, &claims(now, &url));
    Posted::new(&url, &[("messagebird-signature-jwt", &token)], "")
}

pub fn claims(now: DateTime<Utc>, url: &str) -> Value {
    let now = now.timestamp();
    json!({
        "iss": "MessageBird", "nbf": now, "exp": now + 60, "jti": "59a244dc-e9ad-4e23-9778-371faa238f72",
        "url_hash": hash(url.as_bytes()),
    })
}

pub fn token(algorithm: hmac::Algorithm, key: &str, claims: &Value) -> String {
    let name = match algorithm {
        it if it == hmac::HMAC_SHA384 => "HS384",
        it if it == hmac::HMAC_SHA512 => "HS512",
        _ => "HS256",
    };
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": name, "typ": "JWT"})), part(claims));
    let signature = hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

pub fn hash(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes))
}
