//! Sending by `MessageBird`, and its status reports.

use aws_lc_rs::hmac;
use chemstock::clients::{
    http::Http,
    messagebird::MessageBird,
    outbound::{Accepted, Distrust, Failure, Price, Receipt, ReceiptState, Refused},
};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use super::trials::{self, PHONE, REFERENCE, TEXT, message, now};
use crate::support::{
    outside::{Fault, Outside, Reply},
    providers::{
        messagebird::{CONTRACT, MESSAGE_ID, REFUSED, SIGNING_KEY, claims, hash, report, token},
        posted::Posted,
    },
};

const ADDRESS: &str = "https://lab.example.org/v1/webhooks/messagebird?reference=01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f";

fn client(url: &str) -> MessageBird {
    client_with(url, &[])
}

fn client_with(url: &str, vars: &[(&str, &str)]) -> MessageBird {
    MessageBird::new(&trials::config(&CONTRACT, url, vars).messagebird.expect("set up"), &Http::new(None))
}

async fn start() -> (MessageBird, Outside) {
    let outside = CONTRACT.start().await;
    (client(&outside.url), outside)
}

fn euros(amount: &str) -> Price {
    Price { amount: amount.parse().expect("a price"), currency: "EUR".to_owned() }
}

#[tokio::test]
async fn a_message_is_sent_as_the_contract_says() {
    let (bird, outside) = start().await;
    let accepted = Accepted { price: Some(euros("0.075")), ..Accepted::new(MESSAGE_ID) };
    assert_eq!(bird.send(&message(PHONE)).await, Ok(accepted));
    let expected = json!({
        "originator": "Chemstock", "recipients": ["12025550123"], "body": TEXT, "type": "sms", "datacoding": "auto",
        "validity": 300, "reference": REFERENCE, "reportUrl": ADDRESS,
    });
    assert_eq!(outside.last().json(), expected);

    let numbered = client_with(&outside.url, &[("MESSAGEBIRD_ORIGINATOR", "+12025550100")]);
    let mut unreachable = message(PHONE);
    unreachable.receipts_at = None;
    assert!(numbered.send(&unreachable).await.is_ok());
    let body = outside.last().json();
    assert_eq!((&body["originator"], &body["reportUrl"]), (&json!("12025550100"), &Value::Null));
}

#[tokio::test]
async fn a_recipient_who_is_refused_at_once_is_a_refusal_and_one_who_has_it_is_told() {
    let (bird, outside) = start().await;
    assert_eq!(bird.send(&message(REFUSED)).await, Err(Refused::new(Failure::NumberRefused, "1")));
    for (item, sending) in [
        (json!({"status": "delivered"}), Ok(Accepted { delivered: true, ..Accepted::new(MESSAGE_ID) })),
        (json!({"status": "expired"}), Err(Refused::new(Failure::TryLater, "other"))),
        (json!({"status": "delivery_failed"}), Err(Refused::new(Failure::TryLater, "other"))),
        (json!({"status": 5, "price": {"amount": -1, "currency": "EUR"}}), Ok(Accepted::new(MESSAGE_ID))),
        (json!({"price": {"amount": "1e999", "currency": []}}), Ok(Accepted::new(MESSAGE_ID))),
    ] {
        let body = json!({"id": MESSAGE_ID, "recipients": {"items": [item]}});
        outside.has(Fault::Answers(Reply::json(201, &body)));
        assert_eq!(bird.send(&message(PHONE)).await, sending, "{body}");
    }
}

#[tokio::test]
async fn every_error_means_what_the_contract_says() {
    let (bird, outside) = start().await;
    trials::errors(CONTRACT, &outside, || async { bird.send(&message(PHONE)).await }).await;
    let stranger = client_with(&outside.url, &[("MESSAGEBIRD_ACCESS_KEY", "another")]);
    let refused = Refused::new(Failure::Misconfigured, "2");
    assert_eq!(stranger.send(&message(PHONE)).await, Err(refused.clone()));
    assert_eq!(stranger.check().await, Err(refused));
    assert_eq!(bird.send(&message("+1")).await, Err(Refused::new(Failure::NumberRefused, "9")));
}

#[tokio::test]
async fn faults_on_the_way_are_told_apart() {
    trials::faults(CONTRACT, |url| async move { client(&url).send(&message(PHONE)).await }).await;
}

#[tokio::test]
async fn an_answer_that_messagebird_does_not_give_is_no_success() {
    let (bird, outside) = start().await;
    trials::hostile(&outside, &[], || async { bird.send(&message(PHONE)).await }).await;
}

#[tokio::test]
async fn the_check_asks_for_the_balance_and_sends_nothing() {
    let (bird, outside) = start().await;
    assert_eq!(bird.check().await, Ok(()));
    assert_eq!((outside.last().method.as_str(), outside.last().path.as_str()), ("GET", "/balance"));
    outside.has(Fault::Answers(Reply::json(200, &json!({}))));
    assert_eq!(bird.check().await, Err(Refused::garbled()));
}

#[test]
fn a_status_report_of_each_state_becomes_its_receipt() {
    let bird = client("http://127.0.0.1:1");
    let failed = |why, code: &str| (ReceiptState::Failed(why), Some(code.to_owned()));
    let states = [
        ("scheduled", "", "", None),
        ("sent", "pending DLR", "", Some((ReceiptState::Sent, None))),
        ("buffered", "", "", Some((ReceiptState::Sent, None))),
        ("delivered", "successfully delivered", "", Some((ReceiptState::Delivered, None))),
        ("expired", "", "", Some(failed(Failure::TryLater, "other"))),
        ("expired", "unavailable subscriber", "27", Some(failed(Failure::TryLater, "27"))),
        ("expired", "DLR not received", "", Some(failed(Failure::Unknown, "DLR_not_received"))),
        ("delivery_failed", "unknown subscriber", "1", Some(failed(Failure::NumberRefused, "1"))),
        ("delivery_failed", "incorrect number", "", Some(failed(Failure::NumberRefused, "incorrect_number"))),
        ("delivery_failed", "", "9", Some(failed(Failure::NumberRefused, "9"))),
        ("delivery_failed", "opted out", "", Some(failed(Failure::ConsentWithdrawn, "opted_out"))),
        ("delivery_failed", "carrier rejected", "104", Some(failed(Failure::Blocked, "104"))),
        ("delivery_failed", "insufficient balance", "", Some(failed(Failure::Misconfigured, "insufficient_balance"))),
        ("delivery_failed", "received_network_error", "34", Some(failed(Failure::TryLater, "34"))),
        ("delivery_failed", "generic delivery failure", "0", Some(failed(Failure::TryLater, "0"))),
        ("delivery_failed", "", "12025550123", Some(failed(Failure::TryLater, "other"))),
        ("something new", "", "", None),
    ];
    for (status, reason, code, expected) in states {
        let fields = [
            ("id", MESSAGE_ID),
            ("recipient", "12025550123"),
            ("status", status),
            ("statusDatetime", "2027-01-15T08:00:00+00:00"),
            ("statusReason", reason),
            ("statusErrorCode", code),
            ("price[amount]", "0.075"),
            ("price[currency]", "EUR"),
            ("reference", "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"),
        ];
        let receipts = bird.receipts(&report(now(), ADDRESS, &fields).at(now()));
        let expected = expected.map(|(state, code)| {
            let id = MESSAGE_ID.to_owned();
            Receipt { id, reference: Some(REFERENCE), state, price: Some(euros("0.075")), code }
        });
        assert_eq!(receipts, Ok(expected.into_iter().collect()), "{status} {reason}");
    }
}

#[test]
fn a_report_without_what_it_needs_is_told_to_be_unreadable() {
    let bird = client("http://127.0.0.1:1");
    for fields in
        [vec![("status", "sent")], vec![("id", ""), ("status", "sent")], vec![("id", "a b"), ("status", "sent")]]
    {
        let posted = report(now(), ADDRESS, &fields);
        assert_eq!(bird.receipts(&posted.at(now())), Err(Distrust::Unreadable), "{fields:?}");
    }
    let bare = report(now(), "https://lab.example.org/x", &[("id", "1"), ("status", "sent"), ("reference", "mine")]);
    let receipt = Receipt { id: "1".to_owned(), reference: None, state: ReceiptState::Sent, price: None, code: None };
    assert_eq!(bird.receipts(&bare.at(now())), Ok(vec![receipt]));
}

#[test]
fn a_flipped_bit_is_no_receipt() {
    let bird = client("http://127.0.0.1:1");
    let posted = report(now(), ADDRESS, &[("id", MESSAGE_ID), ("status", "delivered")]);
    assert!(bird.receipts(&posted.at(now())).is_ok());
    for (what, flipped) in posted.flipped() {
        assert_eq!(bird.receipts(&flipped.at(now())), Err(Distrust::Forged), "{what}");
    }
}

#[test]
fn claims_are_checked_to_the_letter() {
    let bird = client("http://127.0.0.1:1");
    let url = format!("{ADDRESS}&id=1&status=sent");
    let good = claims(now(), &url);
    let verdict = |claims: &Value, body: &str, at| {
        let token = token(hmac::HMAC_SHA256, SIGNING_KEY, claims);
        bird.receipts(&Posted::new(&url, &[("messagebird-signature-jwt", &token)], body).at(at)).map(drop)
    };
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let (mut without_url, mut with_body) = (good.clone(), good.clone());
    without_url.as_object_mut().unwrap().remove("url_hash");
    with_body["payload_hash"] = hash(b"body").into();
    assert_eq!(verdict(&good, "", now()), Ok(()));
    assert_eq!(verdict(&with_body, "body", now()), Ok(()));
    for (claims, body) in [
        (changed("iss", "Messagebird".into()), ""),
        (changed("url_hash", hash(b"another").into()), ""),
        (changed("url_hash", hash(url.as_bytes()).to_uppercase().into()), ""),
        (changed("nbf", "now".into()), ""),
        (changed("exp", Value::Null), ""),
        (without_url, ""),
        (good.clone(), "body"),
        (with_body.clone(), ""),
        (with_body, "other"),
    ] {
        assert_eq!(verdict(&claims, body, now()), Err(Distrust::Forged), "{claims}");
    }
    for (seconds, expected) in
        [(-2, Err(Distrust::Forged)), (-1, Ok(())), (60, Ok(())), (61, Ok(())), (62, Err(Distrust::Stale))]
    {
        assert_eq!(verdict(&good, "", now() + TimeDelta::seconds(seconds)), expected, "{seconds}");
    }
    for (name, value, expected) in [
        ("nbf", i64::MIN, Ok(())),
        ("nbf", i64::MAX, Err(Distrust::Forged)),
        ("exp", i64::MIN, Err(Distrust::Stale)),
        ("exp", i64::MAX, Ok(())),
    ] {
        assert_eq!(verdict(&changed(name, value.into()), "", now()), expected, "{name} {value}");
    }
    let unset = client_with("http://127.0.0.1:1", &[("MESSAGEBIRD_SIGNING_KEY", "")]);
    assert_eq!(unset.receipts(&report(now(), ADDRESS, &[]).at(now())), Err(Distrust::NotSetUp));
}

/// The reference data of `MessageBird`'s own SDKs (go-rest-api, `signature_jwt/testdata/reference.json`).
#[test]
fn the_vectors_of_messagebirds_sdks_are_judged_as_by_them() {
    let vectors: Value = serde_json::from_str(include_str!("messagebird_vectors.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 15);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        let bird = client_with("http://127.0.0.1:1", &[("MESSAGEBIRD_SIGNING_KEY", text("secret"))]);
        let posted = Posted::new(text("url"), &[("messagebird-signature-jwt", text("token"))], text("payload"));
        let at = DateTime::parse_from_rfc3339(text("timestamp")).unwrap().to_utc();
        // Those that are valid are no status reports.
        let expected = match (vector["valid"].as_bool(), text("reason")) {
            (Some(true), _) => Distrust::Unreadable,
            (_, "invalid jwt: claim exp is in the past") => Distrust::Stale,
            (_, _) => Distrust::Forged,
        };
        assert_eq!(bird.receipts(&posted.at(at)), Err(expected), "{}", text("name"));
    }
}
