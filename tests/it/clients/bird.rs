//! Sending by Bird, and its webhooks.

use chemstock::clients::{
    bird::Bird,
    http::Http,
    outbound::{Accepted, Distrust, Failure, Receipt, ReceiptState, Refused},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::trials::{self, PHONE, REFERENCE, TEXT, message, now};
use crate::support::{
    outside::{Fault, Outside, Reply},
    providers::{
        bird::{CHANNEL, CONTRACT, MESSAGE_ID, URL, WORKSPACE, outbound, post},
        posted::Posted,
    },
};

fn client(url: &str) -> Bird {
    client_with(url, &[])
}

fn client_with(url: &str, vars: &[(&str, &str)]) -> Bird {
    Bird::new(&trials::config(&CONTRACT, url, vars).bird.expect("set up"), &Http::new(None))
}

async fn start() -> (Bird, Outside) {
    let outside = CONTRACT.start().await;
    (client(&outside.url), outside)
}

#[tokio::test]
async fn a_message_is_sent_as_the_contract_says() {
    let (bird, outside) = start().await;
    assert_eq!(bird.send(&message(PHONE)).await, Ok(Accepted::new(MESSAGE_ID)));
    let asked = outside.last();
    let expected = json!({
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": PHONE}]},
        "body": {"type": "text", "text": {"text": TEXT}},
        "reference": REFERENCE,
    });
    assert_eq!(asked.json(), expected);
    assert_eq!(asked.path, format!("/workspaces/{WORKSPACE}/channels/{CHANNEL}/messages"));
}

#[tokio::test]
async fn a_message_that_has_failed_at_once_is_a_refusal() {
    let (bird, outside) = start().await;
    for (body, sending) in [
        (
            json!({"id": MESSAGE_ID, "status": "delivered"}),
            Ok(Accepted { delivered: true, ..Accepted::new(MESSAGE_ID) }),
        ),
        (json!({"id": MESSAGE_ID}), Ok(Accepted::new(MESSAGE_ID))),
        (
            json!({"id": MESSAGE_ID, "status": "sending_failed", "failure": {"code": 12003}}),
            Err(Refused::new(Failure::Blocked, "12003")),
        ),
        (json!({"id": MESSAGE_ID, "status": "delivery_failed"}), Err(Refused::new(Failure::TryLater, "other"))),
    ] {
        outside.has(Fault::Answers(Reply::json(202, &body)));
        assert_eq!(bird.send(&message(PHONE)).await, sending, "{body}");
    }
}

#[tokio::test]
async fn every_error_means_what_the_contract_says() {
    let (bird, outside) = start().await;
    trials::errors(CONTRACT, &outside, || async { bird.send(&message(PHONE)).await }).await;
    for (name, code) in
        [("BIRD_ACCESS_KEY", "Unauthenticated"), ("BIRD_WORKSPACE_ID", "NotFound"), ("BIRD_CHANNEL_ID", "NotFound")]
    {
        let stranger = client_with(&outside.url, &[(name, "another")]);
        let refused = Refused::new(Failure::Misconfigured, code);
        assert_eq!(stranger.send(&message(PHONE)).await, Err(refused.clone()));
        assert_eq!(stranger.check().await, Err(refused));
    }
    assert_eq!(bird.send(&message("+1")).await, Err(Refused::new(Failure::NumberRefused, "InvalidPayload")));
}

#[tokio::test]
async fn faults_on_the_way_are_told_apart() {
    trials::faults(CONTRACT, |url| async move { client(&url).send(&message(PHONE)).await }).await;
}

#[tokio::test]
async fn an_answer_that_bird_does_not_give_is_no_success() {
    let (bird, outside) = start().await;
    trials::hostile(&outside, &[], || async { bird.send(&message(PHONE)).await }).await;
}

#[tokio::test]
async fn the_check_asks_for_the_channel_and_sends_nothing() {
    let (bird, outside) = start().await;
    assert_eq!(bird.check().await, Ok(()));
    assert_eq!(outside.last().method, "GET");
    outside.has(Fault::Answers(Reply::json(200, &json!({"id": "another"}))));
    assert_eq!(bird.check().await, Err(Refused::garbled()));
}

#[test]
fn a_webhook_of_each_state_becomes_its_receipt() {
    let bird = client("http://127.0.0.1:1");
    let sms = |code: Value, source: &str, details: &str| json!({"details": details, "failure": {"code": code, "source": {"name": "sms-messagebird", "code": source}}});
    let failed = |why, code: &str| Some((ReceiptState::Failed(why), Some(code.to_owned())));
    let failure = |code: i32| json!({"failure": {"code": code}});
    for (status, more, expected) in [
        ("accepted", json!({}), None),
        ("processing", json!({}), None),
        ("sent", json!({}), Some((ReceiptState::Sent, None))),
        ("delivered", json!({}), Some((ReceiptState::Delivered, None))),
        ("delivery_failed", sms(json!(15005), "1", "unknown_subscriber"), failed(Failure::NumberRefused, "15005")),
        ("delivery_failed", sms(json!("15005"), "", ""), failed(Failure::NumberRefused, "15005")),
        ("delivery_failed", sms(json!(15001), "34", "received_network_error"), failed(Failure::TryLater, "15001")),
        ("delivery_failed", sms(json!(15001), "27", ""), failed(Failure::TryLater, "15001")),
        ("delivery_failed", sms(json!(15001), "", "opted_out"), failed(Failure::ConsentWithdrawn, "15001")),
        ("delivery_failed", sms(json!(15001), "", "carrier_rejected"), failed(Failure::Blocked, "15001")),
        ("delivery_failed", sms(json!(15001), "0", "generic delivery failure"), failed(Failure::TryLater, "15001")),
        ("sending_failed", failure(11001), failed(Failure::Misconfigured, "11001")),
        ("sending_failed", failure(12001), failed(Failure::TryLater, "12001")),
        ("sending_failed", failure(12002), failed(Failure::Misconfigured, "12002")),
        ("sending_failed", failure(12003), failed(Failure::Blocked, "12003")),
        ("sending_failed", failure(14001), failed(Failure::Misconfigured, "14001")),
        (
            "sending_failed",
            json!({"failure": {"code": 15999, "source": {"name": "accounting"}}}),
            failed(Failure::Misconfigured, "15999"),
        ),
        ("sending_failed", json!({"failure": [], "details": 5}), failed(Failure::TryLater, "other")),
        ("something_new", json!({}), None),
    ] {
        let mut more = more;
        more["reference"] = REFERENCE.to_string().into();
        let receipts = bird.receipts(&outbound(now(), status, &more).at(now()));
        let expected = expected.map(|(state, code)| {
            let id = MESSAGE_ID.to_owned();
            Receipt { id, reference: Some(REFERENCE), state, price: None, code }
        });
        assert_eq!(receipts, Ok(expected.into_iter().collect()), "{status} {more}");
    }
}

#[test]
fn what_is_not_of_a_message_of_our_channel_is_none_and_what_cannot_be_read_is_told() {
    let bird = client("http://127.0.0.1:1");
    let none = ["null", "5", "[]", "{}", r#"{"event":"sms.inbound","payload":{"status":"delivered"}}"#];
    for body in none {
        assert_eq!(bird.receipts(&post(now(), body).at(now())), Ok(vec![]), "{body}");
    }
    let elsewhere = outbound(now(), "delivered", &json!({"channelId": "another"}));
    assert_eq!(bird.receipts(&elsewhere.at(now())), Ok(vec![]));
    let deep = "[".repeat(100_000);
    for body in ["", "{", "hello", &deep] {
        assert_eq!(bird.receipts(&post(now(), body).at(now())), Err(Distrust::Unreadable), "{body:.9}");
    }
    for id in [json!(null), json!(5), json!("+12025550123"), json!("x".repeat(101))] {
        let nameless = outbound(now(), "delivered", &json!({"id": id}));
        assert_eq!(bird.receipts(&nameless.at(now())), Err(Distrust::Unreadable), "{id}");
    }
}

#[test]
fn a_flipped_bit_is_no_receipt() {
    let bird = client("http://127.0.0.1:1");
    let posted = outbound(now(), "delivered", &json!({}));
    assert!(bird.receipts(&posted.at(now())).is_ok());
    for (what, flipped) in posted.flipped() {
        assert_eq!(bird.receipts(&flipped.at(now())), Err(Distrust::Forged), "{what}");
    }
    let mut bare = posted.clone();
    bare.headers.clear();
    assert_eq!(bird.receipts(&bare.at(now())), Err(Distrust::Forged));
    let unset = client_with("http://127.0.0.1:1", &[("BIRD_SIGNING_KEY", "")]);
    assert_eq!(unset.receipts(&posted.at(now())), Err(Distrust::NotSetUp));
}

#[test]
fn a_webhook_is_believed_for_a_day_as_bird_repeats_it_with_its_first_time() {
    let bird = client("http://127.0.0.1:1");
    let posted = outbound(now(), "delivered", &json!({}));
    for (seconds, is_believed) in [(-86_401, false), (-86_400, true), (0, true), (86_400, true), (86_401, false)] {
        let verdict = bird.receipts(&posted.at(now() + TimeDelta::seconds(seconds))).map(drop);
        assert_eq!(verdict, if is_believed { Ok(()) } else { Err(Distrust::Stale) }, "{seconds}");
    }
}

/// Computed once from the definition, without this code: Bird publishes no example with all its parts.
#[test]
fn a_signature_is_that_of_the_definition() {
    let headers = [
        ("messagebird-request-timestamp", "1800000000"),
        ("messagebird-signature", "iReQRuQdRXwlbVIjJuoGtdjsP8qYeeMSgoo4gwkSrwI="),
    ];
    let body = r#"{"service":"channels","event":"sms.outbound","payload":{}}"#;
    let posted = Posted::new(URL, &headers, body);
    assert_eq!(client("http://127.0.0.1:1").receipts(&posted.at(now())), Ok(vec![]));
}
