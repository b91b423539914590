//! What every client is put through.

use std::time::Duration;

use chemstock::{
    base::language::Language,
    clients::outbound::{Failure, Outgoing, Refused, Sending},
    config::{Config, SmsConfig},
};
use chrono::{DateTime, Utc};
use uuid::{Uuid, uuid};

use crate::support::{
    outside::{Fault, Outside, Reply},
    providers::Contract,
};

pub const PHONE: &str = "+12025550123";
pub const TEXT: &str = "123456 is your code & it's secret: +50 % ünï✓";
pub const REFERENCE: Uuid = uuid!("01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f");

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

pub fn message(to: &str) -> Outgoing<'_> {
    Outgoing {
        reference: REFERENCE,
        to,
        subject: "",
        text: TEXT,
        code: Some("123456"),
        language: Language::English,
        valid_for: Duration::from_mins(5),
        receipts_at: Some(
            "https://lab.example.org/v1/webhooks/messagebird?reference=01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
        ),
    }
}

/// As the contract sets it up, but for what is given here; an empty text unsets.
pub fn config(contract: &Contract, url: &str, other: &[(&str, &str)]) -> SmsConfig {
    let vars = (contract.vars)(url);
    let lookup = |name: &str| {
        let other = other.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        other.or_else(|| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()))
    };
    Config::from_vars(lookup).expect("a valid configuration").sms
}

/// Sends through everything that can go wrong between us and a provider, all at once.
pub async fn faults<F: Future<Output = Sending>>(contract: Contract, send: impl Fn(String) -> F) {
    let through = async |fault: Fault| {
        let outside = contract.start().await;
        outside.has(fault);
        send(outside.url.clone()).await
    };
    let away = send("http://127.0.0.1:1".to_owned());
    let (silent, reset, truncated, garbage, endless, html, away) = tokio::join!(
        through(Fault::Silent),
        through(Fault::Reset),
        through(Fault::Truncated),
        through(Fault::Garbage),
        through(Fault::Endless),
        through(Fault::Answers(Reply::html(502))),
        away
    );
    let refused = |why, code| Err(Refused::new(why, code));
    assert_eq!(silent, refused(Failure::Unknown, "timeout"));
    assert_eq!(reset, refused(Failure::Unknown, "broken-off"));
    assert_eq!(truncated, refused(Failure::Unknown, "broken-off"));
    assert_eq!(garbage, refused(Failure::Unknown, "garbled"));
    assert_eq!(endless, refused(Failure::Unknown, "broken-off"));
    assert_eq!(html, refused(Failure::TryLater, "http-502"));
    assert_eq!(away, refused(Failure::TryLater, "unreachable"));
}

/// Every documented error means what the contract says, under its own code.
pub async fn errors<F: Future<Output = Sending>>(contract: Contract, outside: &Outside, send: impl Fn() -> F) {
    for (code, reply, why) in (contract.errors)() {
        outside.has(Fault::Answers(reply.clone()));
        assert_eq!(send().await, Err(Refused::new(why, code)), "{reply:?}");
    }
    outside.is_well();
}

/// Answers that no provider gives are no success, whatever their status, and nothing of them is told.
pub async fn hostile<F: Future<Output = Sending>>(outside: &Outside, more: &[&str], send: impl Fn() -> F) {
    let deep = ["[".repeat(100_000), "{\"id\":".repeat(100_000), "<a>".repeat(50_000)];
    let long = format!("{{\"id\": \"{}\"}}", "7".repeat(100_000));
    let mut bodies = vec![
        "",
        " ",
        "null",
        "true",
        "0",
        "\"\"",
        "[]",
        "{}",
        "[{}]",
        "[[[]]]",
        "{\"id\": null}",
        "{\"id\": 12345}",
        "{\"id\": \"\"}",
        "{\"id\": [\"a\"]}",
        "{\"id\": {\"id\": \"a\"}}",
        "{\"id\": \"+12025550123 and more\"}",
        "{\"id\": 1e400}",
        "{\"id\": 99999999999999999999999999999999999999}",
        "{\"id\": \"a\"",
        "\u{0}",
        "\u{feff}{}",
        "{\"errors\": {}, \"error\": [], \"code\": {}}",
        "{\"errors\": [[]], \"code\": 1e300, \"details\": 7}",
        "{\"errors\": [{\"code\": -1, \"parameter\": 5}]}",
        "<html></html>",
        "{\"status\": 5, \"recipients\": \"x\"}",
    ];
    bodies.extend(deep.iter().map(String::as_str));
    bodies.push(&long);
    bodies.extend(more);
    for body in bodies {
        for status in [200, 201, 202, 302, 400, 401, 403, 404, 405, 422, 429, 500, 503] {
            outside.has(Fault::Answers(Reply { status, content_type: "application/json", body: body.to_owned() }));
            let start: String = body.chars().take(60).collect();
            let refused = send().await.expect_err(&start);
            if (200..300).contains(&status) {
                assert_eq!(refused.why, Failure::Unknown, "{status} {start}");
            }
            assert!(!refused.code.contains("2025550123"), "{status} {start}");
        }
    }
    outside.is_well();
}
