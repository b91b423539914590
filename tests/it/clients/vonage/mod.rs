use std::time::Duration;

use chemstock::clients::{
    http::Http,
    outbound::{Accepted, Failure, Outgoing, Price, Refused, Sending},
    vonage::Vonage,
};
use serde_json::json;

use super::trials::{self, PHONE, REFERENCE, TEXT, config, message};
use crate::support::{
    outside::{Fault, Outside, Reply},
    providers::vonage::{
        CONTRACT, FROM, KEY, MESSAGE, NOBODY, SECRET, answered, balance, failed_part, message_id, part,
    },
};

mod receipts;

fn client_with(url: &str, other: &[(&str, &str)]) -> Vonage {
    Vonage::new(&config(&CONTRACT, url, other).vonage.expect("Vonage is set up"), &Http::new(None))
}

fn client(outside: &Outside) -> Vonage {
    client_with(&outside.url, &[])
}

fn accepted(euros: &str) -> Accepted {
    let price = Price { amount: euros.parse().expect("a number"), currency: "EUR".to_owned() };
    Accepted { price: Some(price), ..Accepted::new(MESSAGE) }
}

fn refused(why: Failure, code: &str) -> Sending {
    Err(Refused::new(why, code))
}

#[tokio::test]
async fn a_message_goes_out_as_the_contract_says() {
    let vonage = CONTRACT.start().await;
    let outcome = client(&vonage).send(&message(PHONE)).await;
    let asked = vonage.last();
    assert_eq!(outcome, Ok(Accepted { id: message_id(&asked, 0), ..accepted("0.03330000") }));
    let mut fields: Vec<_> = asked.form().into_iter().collect();
    fields.sort();
    let reference = REFERENCE.to_string();
    let expected = [
        ("api_key", KEY),
        ("api_secret", SECRET),
        ("callback", "https://lab.example.org/v1/webhooks/messagebird"),
        ("client-ref", &reference),
        ("from", FROM),
        ("status-report-req", "true"),
        ("text", TEXT),
        ("to", "12025550123"),
        ("ttl", "300000"),
        ("type", "unicode"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((asked.method.as_str(), asked.path.as_str(), asked.query.as_str()), ("POST", "/sms/json", ""));
}

#[tokio::test]
async fn a_text_is_unicode_only_where_it_must_be() {
    let vonage = CONTRACT.start().await;
    let client = client(&vonage);
    for (text, kind) in [
        ("123456 is your code", None),
        ("Grüße: 123456 [€5]", None),
        ("Ihr „Code“", Some("unicode")),
        ("Код: 123456", Some("unicode")),
    ] {
        client.send(&Outgoing { text, ..message(PHONE) }).await.unwrap();
        assert_eq!(vonage.last().form().get("type").map(String::as_str), kind, "{text}");
    }
}

#[tokio::test]
async fn a_message_lives_as_long_as_its_code_within_what_vonage_takes() {
    let vonage = CONTRACT.start().await;
    let client = client(&vonage);
    for (seconds, life) in [(0, "20000"), (19, "20000"), (21, "21000"), (604_801, "604800000"), (u64::MAX, "604800000")]
    {
        client.send(&Outgoing { valid_for: Duration::from_secs(seconds), ..message(PHONE) }).await.unwrap();
        assert_eq!(vonage.last().form()["ttl"], life);
    }
}

#[tokio::test]
async fn a_callback_that_is_missing_or_too_long_is_left_out() {
    let vonage = CONTRACT.start().await;
    let client = client(&vonage);
    let of_length = |length: usize| format!("https://lab.example.org/{}", "a".repeat(length - 24));
    for (url, there) in [(None, false), (Some(of_length(100)), true), (Some(of_length(101)), false)] {
        client.send(&Outgoing { receipts_at: url.as_deref(), ..message(PHONE) }).await.unwrap();
        assert_eq!(vonage.last().form().contains_key("callback"), there, "{url:?}");
    }
}

#[tokio::test]
async fn a_sender_that_is_a_number_goes_without_its_plus() {
    let vonage = CONTRACT.start().await;
    client_with(&vonage.url, &[("VONAGE_FROM", "+12025550190")]).send(&message(PHONE)).await.unwrap();
    assert_eq!(vonage.last().form()["from"], "12025550190");
}

#[tokio::test]
async fn a_long_message_costs_the_sum_of_its_parts_and_goes_by_the_first() {
    let vonage = CONTRACT.start().await;
    let client = client(&vonage);
    let text = "ä".repeat(161);
    let outcome = client.send(&Outgoing { text: &text, ..message(PHONE) }).await;
    assert_eq!(outcome, Ok(Accepted { id: message_id(&vonage.last(), 0), ..accepted("0.06660000") }));
    let failed = || failed_part("5", "Internal Error");
    for (parts, outcome) in [
        (vec![part("0", MESSAGE), failed()], Ok(accepted("0.03330000"))),
        (vec![failed(), part("0", MESSAGE)], Ok(accepted("0.03330000"))),
        (vec![part("0", MESSAGE), json!({})], Ok(accepted("0.03330000"))),
        (vec![failed(), failed_part("9", "Partner Quota Violation")], refused(Failure::TryLater, "5")),
        (vec![failed(), json!({})], refused(Failure::Unknown, "garbled")),
        (vec![part("0", MESSAGE), json!({ "status": "0" })], Ok(Accepted::new(MESSAGE))),
        (vec![json!({ "status": 0, "message-id": MESSAGE, "message-price": "x" })], Ok(Accepted::new(MESSAGE))),
        (vec![json!({ "status": "0" }), part("0", MESSAGE)], refused(Failure::Unknown, "garbled")),
    ] {
        vonage.has(Fault::Answers(answered(&parts)));
        assert_eq!(client.send(&message(PHONE)).await, outcome, "{parts:?}");
    }
}

#[tokio::test]
async fn every_error_has_its_meaning_though_its_status_is_200() {
    let vonage = CONTRACT.start().await;
    let client = client(&vonage);
    let outgoing = message(PHONE);
    trials::errors(CONTRACT, &vonage, || client.send(&outgoing)).await;
    assert_eq!(client.send(&message(NOBODY)).await, refused(Failure::NumberRefused, "7"));
    let stranger = client_with(&vonage.url, &[("VONAGE_API_SECRET", "another")]);
    assert_eq!(stranger.send(&outgoing).await, refused(Failure::Misconfigured, "4"));
    for (status, why) in [(401, Failure::Misconfigured), (429, Failure::TryLater), (503, Failure::TryLater)] {
        vonage.has(Fault::Answers(Reply::html(status)));
        assert_eq!(client.send(&outgoing).await, refused(why, &format!("http-{status}")));
    }
}

#[tokio::test]
async fn a_vonage_that_does_not_answer_as_it_should_holds_nobody_up() {
    trials::faults(CONTRACT, async |url: String| client_with(&url, &[]).send(&message(PHONE)).await).await;
}

#[tokio::test]
async fn a_hostile_answer_is_no_success() {
    let vonage = CONTRACT.start().await;
    let client = client(&vonage);
    let outgoing = message(PHONE);
    let more = [
        "{\"message-count\": \"0\", \"messages\": []}",
        "{\"messages\": {\"status\": \"0\"}}",
        "{\"messages\": [[]]}",
        "{\"messages\": [null]}",
        "{\"messages\": [{\"status\": null}]}",
        "{\"messages\": [{\"status\": [\"0\"], \"message-id\": \"1\"}]}",
        "{\"messages\": [{\"status\": \"0\", \"message-id\": \"+12025550123\"}]}",
        "{\"messages\": [{\"status\": \"0\", \"message-id\": 5}]}",
        "{\"messages\": [{\"status\": \"0\"}]}",
    ];
    trials::hostile(&vonage, &more, || client.send(&outgoing)).await;
    vonage.has(Fault::Answers(answered(&[failed_part("+12025550123", "")])));
    assert_eq!(client.send(&outgoing).await, refused(Failure::TryLater, "other"));
    let dear = json!({ "status": "0", "message-id": MESSAGE, "message-price": "79228162514264337593543950335" });
    vonage.has(Fault::Answers(answered(&[dear.clone(), dear])));
    assert_eq!(client.send(&outgoing).await, Ok(Accepted::new(MESSAGE)));
}

#[tokio::test]
async fn the_check_asks_for_the_balance_without_a_secret_in_the_url() {
    let vonage = CONTRACT.start().await;
    let client = client(&vonage);
    assert_eq!(client.check().await, Ok(()));
    let asked = vonage.last();
    assert_eq!((asked.path.as_str(), asked.query.as_str(), asked.body.as_str()), ("/account/get-balance", "", ""));
    let no_credit = Err(Refused::new(Failure::Misconfigured, "no-credit"));
    for (reply, outcome) in [
        (balance(&json!(-0.5), false), no_credit.clone()),
        (balance(&json!(0), false), no_credit),
        (balance(&json!(0), true), Ok(())),
        (balance(&json!("10"), false), Err(Refused::garbled())),
        (Reply::html(502), Err(Refused::new(Failure::TryLater, "http-502"))),
    ] {
        vonage.has(Fault::Answers(reply));
        assert_eq!(client.check().await, outcome);
    }
    vonage.is_well();
    let stranger = client_with(&vonage.url, &[("VONAGE_API_SECRET", "another")]);
    assert_eq!(stranger.check().await, Err(Refused::new(Failure::Misconfigured, "http-401")));
}
