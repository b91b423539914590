//! Bird's Channels API, and its webhooks with their signature.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chemstock::clients::outbound::Failure;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    super::outside::{Asked, Reply},
    Contract,
    posted::Posted,
};

pub const ACCESS_KEY: &str = "test_access_key";
pub const SIGNING_KEY: &str = "test_signing_key";
pub const WORKSPACE: &str = "a1405560-c8d3-4b1a-877d-3f449ad95352";
pub const CHANNEL: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
pub const MESSAGE_ID: &str = "862a8790-60c0-4430-9b2b-658bd0000001";
/// Of our webhook.
pub const URL: &str = "https://lab.example.org/v1/webhooks/bird";

pub const CONTRACT: Contract = Contract { name: "bird", vars, answer, errors };

fn vars(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("BIRD_ACCESS_KEY", ACCESS_KEY.to_owned()),
        ("BIRD_WORKSPACE_ID", WORKSPACE.to_owned()),
        ("BIRD_CHANNEL_ID", CHANNEL.to_owned()),
        ("BIRD_SIGNING_KEY", SIGNING_KEY.to_owned()),
        ("BIRD_BASE_URL", url.to_owned()),
    ]
}

fn answer(asked: &Asked) -> Reply {
    if asked.header("authorization") != format!("AccessKey {ACCESS_KEY}") {
        return error(401, "Unauthenticated", &json!({}));
    }
    let channel = format!("/workspaces/{WORKSPACE}/channels/{CHANNEL}");
    match (asked.method.as_str(), asked.path.strip_prefix(&channel)) {
        ("POST", Some("/messages")) => match wrong_field(asked) {
            Some(path) => error(422, "InvalidPayload", &json!({path: ["is not as it must be"]})),
            None => accepted(&asked.json()),
        },
        ("GET", Some("")) if asked.body.is_empty() => Reply::json(
            200,
            &json!({"id": CHANNEL, "platformId": "sms-messagebird", "status": "active", "name": "SMS"}),
        ),
        _ => error(404, "NotFound", &json!({})),
    }
}

fn wrong_field(asked: &Asked) -> Option<&'static str> {
    let body = asked.json();
    if asked.header("content-type") != "application/json" || asked.body.len() > 200 * 1024 {
        return Some(".");
    }
    let contact = &body["receiver"]["contacts"][0];
    let phone = contact["identifierValue"].as_str().unwrap_or_default();
    let digits = phone.strip_prefix('+').unwrap_or_default();
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(".receiver.contacts[0].identifierValue");
    }
    let text = body["body"]["text"]["text"].as_str().unwrap_or_default();
    let reference = body["reference"].as_str().unwrap_or_default();
    let whole = json!({
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": phone}]},
        "body": {"type": "text", "text": {"text": text}},
        "reference": reference,
    });
    let is_whole = body == whole && !text.is_empty() && !reference.is_empty();
    (!is_whole).then_some(".body")
}

fn accepted(asked: &Value) -> Reply {
    let body = json!({
        "id": MESSAGE_ID, "channelId": CHANNEL, "sender": {"connector": {"id": "5", "identifierValue": "Chemstock"}},
        "receiver": asked["receiver"], "body": asked["body"], "reference": asked["reference"], "parts": [],
        "status": "accepted", "reason": "", "direction": "outgoing", "lastStatusAt": "2027-01-15T08:00:00.000Z",
        "createdAt": "2027-01-15T08:00:00.000Z", "updatedAt": "2027-01-15T08:00:00.000Z",
    });
    Reply::json(202, &body)
}

fn error(status: u16, code: &str, details: &Value) -> Reply {
    Reply::json(status, &json!({"code": code, "message": "in words", "details": details}))
}

fn errors() -> Vec<(&'static str, Reply, Failure)> {
    use Failure::{Misconfigured, NumberRefused, TryLater};
    let phone = json!({".receiver.contacts[0].identifierValue": ["must be a valid phone number"]});
    vec![
        ("Unauthenticated", error(401, "Unauthenticated", &json!({})), Misconfigured),
        ("Forbidden", error(403, "Forbidden", &json!({})), Misconfigured),
        ("NotFound", error(404, "NotFound", &json!({})), Misconfigured),
        ("InvalidPayload", error(422, "InvalidPayload", &phone), NumberRefused),
        ("InvalidPayload", error(422, "InvalidPayload", &json!({".body.text": ["is required"]})), Misconfigured),
        ("InvalidPayload", error(400, "InvalidPayload", &Value::Null), Misconfigured),
        ("TooManyRequests", error(429, "TooManyRequests", &json!({})), TryLater),
        ("InternalError", error(500, "InternalError", &json!({})), TryLater),
        ("http-401", Reply::html(401), Misconfigured),
        ("http-503", Reply::html(503), TryLater),
    ]
}

/// A webhook of a message in one of its states, with what is put over it.
pub fn outbound(now: DateTime<Utc>, status: &str, more: &Value) -> Posted {
    let mut payload = json!({
        "id": MESSAGE_ID, "channelId": CHANNEL, "sender": {"connector": {"identifierValue": "Chemstock"}},
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+12025550123"}]},
        "body": {"type": "text", "text": {"text": "123456 is your code"}}, "reference": null, "parts": [],
        "status": status, "reason": "", "direction": "outgoing", "lastStatusAt": "2027-01-15T08:00:00.000Z",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        payload[name] = value.clone();
    }
    post(now, &json!({"service": "channels", "event": "sms.outbound", "payload": payload}).to_string())
}

pub fn post(now: DateTime<Utc>, body: &str) -> Posted {
    let time = now.timestamp().to_string();
    let mut signed = format!("{time}\n{URL}\n").into_bytes();
    signed.extend(digest(&SHA256, body.as_bytes()).as_ref());
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SIGNING_KEY.as_bytes()), &signed);
    let headers = [
        ("messagebird-signature", &BASE64_STANDARD.encode(signature) as &str),
        ("messagebird-request-timestamp", &time),
    ];
    Posted::new(URL, &headers, body)
}
