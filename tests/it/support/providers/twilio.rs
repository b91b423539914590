//! Twilio, as of its API 2010-04-01: messages, the account, the magic numbers of test credentials, signed callbacks.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign},
};
use axum::http::Uri;
use base64::prelude::{BASE64_STANDARD, Engine};
use chemstock::clients::outbound::Failure::{self, Blocked, ConsentWithdrawn, Misconfigured, NumberRefused, TryLater};
use serde_json::{Value, json};

use super::{Asked, Contract, Reply, posted::Posted};

pub const CONTRACT: Contract = Contract { name: "twilio", vars, answer, errors };

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const SERVICE: &str = "MG00000000000000000000000000000001";
pub const TEMPLATE: &str = "HX00000000000000000000000000000001";
pub const WHATSAPP: &str = "+12025550190";
pub const MESSAGE: &str = "SM00000000000000000000000000000001";
/// The one sender that test credentials have.
pub const SENDER: &str = "+15005550006";

/// Test credentials, magic input: what senders and recipients of these numbers lead to.
pub const SENDERS: [(&str, u32); 4] =
    [("+15005550001", 21212), ("+15005550007", 21606), ("+15005550008", 21611), ("+12025550191", 21606)];
pub const RECIPIENTS: [(&str, u32); 5] = [
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
];

const FIELDS_OF_SMS: [&str; 9] = [
    "To",
    "From",
    "MessagingServiceSid",
    "Body",
    "SmartEncoded",
    "RiskCheck",
    "MessageIntent",
    "ValidityPeriod",
    "StatusCallback",
];
const FIELDS_OF_WHATSAPP: [&str; 6] =
    ["To", "From", "ContentSid", "ContentVariables", "ValidityPeriod", "StatusCallback"];

fn vars(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("TWILIO_BASE_URL", url.to_owned()),
        ("TWILIO_ACCOUNT_SID", ACCOUNT.to_owned()),
        ("TWILIO_AUTH_TOKEN", TOKEN.to_owned()),
        ("TWILIO_PHONE_NUMBER", SENDER.to_owned()),
        ("TWILIO_WHATSAPP_NUMBER", WHATSAPP.to_owned()),
        ("TWILIO_CONTENT_SID", TEMPLATE.to_owned()),
    ]
}

fn answer(asked: &Asked) -> Reply {
    if asked.header("authorization") != format!("Basic {}", BASE64_STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"))) {
        return error(401, 20003, "Authenticate");
    }
    let account = format!("/2010-04-01/Accounts/{ACCOUNT}");
    match (asked.method.as_str(), asked.path.strip_prefix(&account), asked.query.as_str()) {
        ("GET", Some(".json"), "") => account_in("active"),
        ("POST", Some("/Messages.json"), "") => match wrong(asked) {
            Some((code, why)) => error(400, code, why),
            None => created(asked),
        },
        _ => error(404, 20404, "The requested resource was not found"),
    }
}

pub fn account_in(status: &str) -> Reply {
    Reply::json(200, &json!({ "sid": ACCOUNT, "friendly_name": "Chemstock", "status": status, "type": "Full" }))
}

/// What the API would say against a request to create a message.
fn wrong(asked: &Asked) -> Option<(u32, &'static str)> {
    let form = asked.form();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let is_whatsapp = field("To").starts_with("whatsapp:");
    let known: &[&str] = if is_whatsapp { &FIELDS_OF_WHATSAPP } else { &FIELDS_OF_SMS };
    let is_form = asked.header("content-type") == "application/x-www-form-urlencoded";
    if !is_form || form.keys().any(|name| !known.contains(&name.as_str())) {
        return Some((20001, "An unknown parameter"));
    }
    let is_one_of = |name: &str, values: &[&str]| form.get(name).is_none_or(|value| values.contains(&value.as_str()));
    let life = field("ValidityPeriod").parse().unwrap_or(0);
    let callback = form.get("StatusCallback").map(|url| url.parse::<Uri>());
    if callback.is_some_and(|url| !url.is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")))) {
        return Some((21609, "Invalid StatusCallback"));
    }
    if !(1..=36_000).contains(&life)
        || !is_one_of("SmartEncoded", &["true", "false"])
        || !is_one_of("RiskCheck", &["enable", "disable"])
        || !is_one_of("MessageIntent", &["otp", "notifications", "fraud"])
    {
        return Some((20001, "An invalid parameter"));
    }
    if is_whatsapp { wrong_with_whatsapp(&field) } else { wrong_with_sms(&field) }
}

fn wrong_with_whatsapp<'a>(field: &impl Fn(&str) -> &'a str) -> Option<(u32, &'static str)> {
    let variables: Value = serde_json::from_str(field("ContentVariables")).unwrap_or_default();
    let code = variables["1"].as_str().unwrap_or_default();
    if field("From").strip_prefix("whatsapp:") != Some(WHATSAPP) {
        Some((63007, "Twilio could not find a Channel with the specified From address"))
    } else if !field("To").strip_prefix("whatsapp:").is_some_and(is_e164) {
        Some((21211, "Invalid 'To' Phone Number"))
    } else if field("ContentSid") != TEMPLATE {
        Some((21655, "The ContentSid is Invalid"))
    } else if code.is_empty() || variables != json!({ "1": code }) {
        Some((21656, "The ContentVariables Parameter is invalid"))
    } else {
        None
    }
}

fn wrong_with_sms<'a>(field: &impl Fn(&str) -> &'a str) -> Option<(u32, &'static str)> {
    let (to, from) = (field("To"), field("From"));
    let magic = |table: &[(&str, u32)], number: &str| table.iter().find(|row| row.0 == number).map(|row| row.1);
    match (from, field("MessagingServiceSid")) {
        (SENDER, "") | ("", SERVICE) => {}
        ("", "") => return Some((21603, "A 'From' phone number is required")),
        (from, "") => return Some((magic(&SENDERS, from).unwrap_or(21606), "Wrong 'From'")),
        _ => return Some((21701, "The Messaging Service does not exist")),
    }
    if !is_e164(to) {
        return Some((21211, "Invalid 'To' Phone Number"));
    }
    match field("Body").chars().count() {
        0 => Some((21602, "Message body is required")),
        1..=1600 => magic(&RECIPIENTS, to).map(|code| (code, "Wrong 'To'")),
        _ => Some((21617, "The concatenated message body exceeds the 1600 character limit")),
    }
}

fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
}

fn created(asked: &Asked) -> Reply {
    let form = asked.form();
    let status = if form.contains_key("MessagingServiceSid") { "accepted" } else { "queued" };
    message(status, &json!({ "sid": sid(asked), "to": form["To"], "from": form.get("From"), "body": form.get("Body") }))
}

/// Another for every message.
pub fn sid(asked: &Asked) -> String {
    let hash = digest(&SHA256, asked.body.as_bytes());
    format!("SM{:032x}", u128::from_be_bytes(hash.as_ref()[..16].try_into().expect("16 bytes")))
}

/// The resource, as it is answered when it is made.
pub fn message(status: &str, other: &Value) -> Reply {
    let mut message = json!({
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": "", "date_created": "Thu, 24 Aug 2028 05:01:45 +0000",
        "date_sent": null, "date_updated": "Thu, 24 Aug 2028 05:01:45 +0000", "direction": "outbound-api",
        "error_code": null, "error_message": null, "from": null, "messaging_service_sid": null, "num_media": "0",
        "num_segments": "1", "price": null, "price_unit": "USD", "sid": MESSAGE, "status": status,
        "subresource_uris": { "media": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{MESSAGE}/Media.json") },
        "to": null, "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/{MESSAGE}.json"),
    });
    for (name, value) in other.as_object().expect("fields") {
        message[name] = value.clone();
    }
    Reply::json(201, &message)
}

pub fn error(status: u16, code: u32, why: &str) -> Reply {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    Reply::json(status, &json!({ "code": code, "message": why, "more_info": more, "status": status }))
}

fn errors() -> Vec<(&'static str, Reply, Failure)> {
    let at_once = AT_ONCE.into_iter().map(|(code, status, why)| (code, error(status, code.parse().unwrap(), ""), why));
    let given_up = GIVEN_UP.into_iter().map(|(code, why)| {
        let code_of_error: u32 = code.parse().unwrap();
        (code, message("failed", &json!({ "error_code": code_of_error, "error_message": "given up" })), why)
    });
    at_once.chain(given_up).collect()
}

/// Twilio error dictionary: what the API answers, with which status, and one that nobody knows.
const AT_ONCE: [(&str, u16, Failure); 30] = [
    ("20003", 401, Misconfigured),
    ("20005", 401, Misconfigured),
    ("20008", 403, Misconfigured),
    ("20404", 404, Misconfigured),
    ("20429", 429, TryLater),
    ("14107", 429, TryLater),
    ("20500", 500, TryLater),
    ("20503", 503, TryLater),
    ("21211", 400, NumberRefused),
    ("21212", 400, Misconfigured),
    ("21217", 400, NumberRefused),
    ("21265", 400, NumberRefused),
    ("21408", 403, Blocked),
    ("21602", 400, Misconfigured),
    ("21603", 400, Misconfigured),
    ("21606", 400, Misconfigured),
    ("21608", 400, Misconfigured),
    ("21609", 400, Misconfigured),
    ("21610", 400, ConsentWithdrawn),
    ("21611", 429, TryLater),
    ("21612", 400, Blocked),
    ("21614", 400, NumberRefused),
    ("21617", 400, Misconfigured),
    ("21635", 400, NumberRefused),
    ("21655", 400, Misconfigured),
    ("21656", 400, Misconfigured),
    ("21703", 400, Misconfigured),
    ("60605", 403, Blocked),
    ("99998", 400, Misconfigured),
    ("99999", 500, TryLater),
];

/// Twilio error dictionary: of messages that were taken, in receipts and, if it goes fast, in the answer.
pub const GIVEN_UP: [(&str, Failure); 28] = [
    ("30001", TryLater),
    ("30002", Misconfigured),
    ("30003", TryLater),
    ("30004", Blocked),
    ("30005", NumberRefused),
    ("30006", NumberRefused),
    ("30007", Blocked),
    ("30008", TryLater),
    ("30010", Blocked),
    ("30022", TryLater),
    ("30023", Blocked),
    ("30032", Misconfigured),
    ("30034", Misconfigured),
    ("30036", TryLater),
    ("30410", TryLater),
    ("30450", Blocked),
    ("63003", NumberRefused),
    ("63007", Misconfigured),
    ("63012", TryLater),
    ("63013", Blocked),
    ("63014", ConsentWithdrawn),
    ("63016", Misconfigured),
    ("63018", TryLater),
    ("63024", NumberRefused),
    ("63033", ConsentWithdrawn),
    ("63042", Misconfigured),
    ("63049", Blocked),
    ("99999", TryLater),
];

/// A status callback to this URL, signed. The fields are the usual ones, but for those that are given here.
pub fn receipt(url: &str, status: &str, given: &[(&str, &str)]) -> Posted {
    let usual = [
        ("AccountSid", ACCOUNT),
        ("MessageSid", MESSAGE),
        ("MessageStatus", status),
        ("ApiVersion", "2010-04-01"),
        ("To", "+12025550123"),
        ("From", SENDER),
    ];
    let usual = usual.into_iter().filter(|(name, _)| !given.iter().any(|(other, _)| name == other));
    let mut fields: Vec<_> = usual.chain(given.iter().copied()).collect();
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    fields.sort_unstable();
    let signed = fields.iter().fold(url.to_owned(), |signed, (name, value)| signed + name + value);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-twilio-signature", &signature(&signed))];
    Posted::new(url, &headers, form)
}

/// A webhook in JSON: its URL has the hash of the body, and the URL is signed.
pub fn receipt_in_json(url: &str, hash: &str, body: &str) -> Posted {
    let url = format!("{url}&bodySHA256={hash}");
    let headers = [("content-type", "application/json"), ("x-twilio-signature", &signature(&url))];
    Posted::new(&url, &headers, body)
}

fn signature(signed: &str) -> String {
    BASE64_STANDARD.encode(sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, TOKEN.as_bytes()), signed.as_bytes()))
}
