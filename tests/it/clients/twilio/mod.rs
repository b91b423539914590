use std::time::Duration;

use chemstock::clients::{
    http::Http,
    outbound::{Accepted, Failure, Outgoing, Price, Refused},
    twilio::Twilio,
};
use serde_json::json;

use super::trials::{self, PHONE, TEXT, config, message};
use crate::support::{
    outside::{Fault, Outside, Reply},
    providers::twilio::{
        ACCOUNT, CONTRACT, MESSAGE, RECIPIENTS, SENDER, SENDERS, SERVICE, TEMPLATE, WHATSAPP, account_in, error,
        message as resource, sid,
    },
};

mod receipts;

fn client_with(url: &str, other: &[(&str, &str)]) -> Twilio {
    Twilio::new(&config(&CONTRACT, url, other).twilio.expect("Twilio is set up"), &Http::new(None))
}

fn client(outside: &Outside) -> Twilio {
    client_with(&outside.url, &[])
}

fn fields(outside: &Outside) -> Vec<(String, String)> {
    let mut fields: Vec<_> = outside.last().form().into_iter().collect();
    fields.sort();
    fields
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_code_goes_out_as_the_contract_says() {
    let twilio = CONTRACT.start().await;
    let outgoing = message(PHONE);
    let outcome = client(&twilio).send_sms(&outgoing).await;
    assert_eq!(outcome, Ok(Accepted::new(sid(&twilio.last()))));
    let expected = owned(&[
        ("Body", TEXT),
        ("From", SENDER),
        ("MessageIntent", "otp"),
        ("RiskCheck", "enable"),
        ("SmartEncoded", "true"),
        ("StatusCallback", outgoing.receipts_at.unwrap()),
        ("To", PHONE),
        ("ValidityPeriod", "300"),
    ]);
    assert_eq!(fields(&twilio), expected);
    let asked = twilio.last();
    assert_eq!(
        (asked.method, asked.path),
        ("POST".to_owned(), format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"))
    );
}

#[tokio::test]
async fn a_notice_has_no_intent_and_without_a_public_url_nobody_is_to_call_back() {
    let twilio = CONTRACT.start().await;
    let notice = Outgoing { code: None, receipts_at: None, ..message(PHONE) };
    client(&twilio).send_sms(&notice).await.unwrap();
    let names: Vec<_> = fields(&twilio).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Body", "From", "RiskCheck", "SmartEncoded", "To", "ValidityPeriod"]);
}

#[tokio::test]
async fn a_messaging_service_wins_over_the_number() {
    let twilio = CONTRACT.start().await;
    let client = client_with(&twilio.url, &[("TWILIO_MESSAGING_SERVICE_SID", SERVICE)]);
    client.send_sms(&message(PHONE)).await.unwrap();
    let form = twilio.last().form();
    assert_eq!((form.get("MessagingServiceSid").map(String::as_str), form.get("From")), (Some(SERVICE), None));
}

#[tokio::test]
async fn a_message_lives_as_long_as_its_code_within_what_twilio_takes() {
    let twilio = CONTRACT.start().await;
    let client = client(&twilio);
    for (valid_for, seconds) in
        [(0, "1"), (999, "1"), (1_999, "1"), (60_000, "60"), (36_000_001, "36000"), (u64::MAX, "36000")]
    {
        client.send_sms(&Outgoing { valid_for: Duration::from_millis(valid_for), ..message(PHONE) }).await.unwrap();
        assert_eq!(twilio.last().form()["ValidityPeriod"], seconds);
    }
}

#[tokio::test]
async fn a_code_by_whatsapp_goes_into_the_template() {
    let twilio = CONTRACT.start().await;
    let outgoing = message(PHONE);
    let outcome = client(&twilio).send_whatsapp(&outgoing).await;
    assert_eq!(outcome, Ok(Accepted::new(sid(&twilio.last()))));
    let expected = owned(&[
        ("ContentSid", TEMPLATE),
        ("ContentVariables", "{\"1\":\"123456\"}"),
        ("From", &format!("whatsapp:{WHATSAPP}")),
        ("StatusCallback", outgoing.receipts_at.unwrap()),
        ("To", &format!("whatsapp:{PHONE}")),
        ("ValidityPeriod", "300"),
    ]);
    assert_eq!(fields(&twilio), expected);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_without_a_request() {
    let twilio = CONTRACT.start().await;
    let notice = Outgoing { code: None, ..message(PHONE) };
    let refused = client(&twilio).send_whatsapp(&notice).await;
    assert_eq!(refused, Err(Refused::new(Failure::Blocked, "no-template")));
    let no_sms = client_with(&twilio.url, &[("TWILIO_PHONE_NUMBER", "")]);
    assert_eq!(no_sms.send_sms(&notice).await, Err(Refused::new(Failure::Misconfigured, "no-sender")));
    let no_whatsapp = client_with(&twilio.url, &[("TWILIO_WHATSAPP_NUMBER", ""), ("TWILIO_CONTENT_SID", "")]);
    let refused = no_whatsapp.send_whatsapp(&message(PHONE)).await;
    assert_eq!(refused, Err(Refused::new(Failure::Misconfigured, "no-sender")));
    assert!(twilio.asked().is_empty());
}

#[tokio::test]
async fn the_magic_numbers_do_what_twilio_documents() {
    use Failure::{Blocked, ConsentWithdrawn, Misconfigured, NumberRefused, TryLater};
    let twilio = CONTRACT.start().await;
    let meanings = [NumberRefused, Blocked, Blocked, ConsentWithdrawn, NumberRefused];
    for ((to, code), why) in RECIPIENTS.into_iter().zip(meanings) {
        let refused = client(&twilio).send_sms(&message(to)).await;
        assert_eq!(refused, Err(Refused::new(why, &code.to_string())), "{to}");
    }
    for ((from, code), why) in SENDERS.into_iter().zip([Misconfigured, Misconfigured, TryLater, Misconfigured]) {
        let client = client_with(&twilio.url, &[("TWILIO_PHONE_NUMBER", from)]);
        let refused = client.send_sms(&message(PHONE)).await;
        assert_eq!(refused, Err(Refused::new(why, &code.to_string())), "{from}");
    }
    // As recipients, these are ordinary numbers.
    for to in ["+15005550006", "+15005550007", "+15005550008"] {
        client(&twilio).send_sms(&message(to)).await.unwrap();
    }
}

#[tokio::test]
async fn a_price_that_is_told_at_once_is_told_without_its_sign() {
    let twilio = CONTRACT.start().await;
    let client = client(&twilio);
    let dollars = |amount: &str| Some(Price { amount: amount.parse().unwrap(), currency: "USD".to_owned() });
    for (price, unit, read) in [
        (json!("-0.00750"), json!("USD"), dollars("0.00750")),
        (json!("0.0079"), json!("usd"), dollars("0.0079")),
        (json!("--1"), json!("USD"), None),
        (json!("1e30"), json!("USD"), None),
        (json!(["-1"]), json!("USD"), None),
        (json!("-0.00750"), json!("US dollars"), None),
        (json!("-0.00750"), json!(null), None),
    ] {
        twilio.has(Fault::Answers(resource("queued", &json!({ "price": price, "price_unit": unit }))));
        let accepted = client.send_sms(&message(PHONE)).await;
        assert_eq!(accepted, Ok(Accepted { price: read, ..Accepted::new(MESSAGE) }), "{price} {unit}");
    }
}

#[tokio::test]
async fn every_error_has_its_meaning_on_both_channels() {
    let twilio = CONTRACT.start().await;
    let client = client(&twilio);
    let outgoing = message(PHONE);
    trials::errors(CONTRACT, &twilio, || client.send_sms(&outgoing)).await;
    trials::errors(CONTRACT, &twilio, || client.send_whatsapp(&outgoing)).await;
    twilio.has(Fault::Answers(resource("undelivered", &json!({}))));
    let refused = client.send_sms(&outgoing).await;
    assert_eq!(refused, Err(Refused::new(Failure::TryLater, "undelivered")));
}

#[tokio::test]
async fn a_twilio_that_does_not_answer_as_it_should_holds_nobody_up() {
    trials::faults(CONTRACT, async |url: String| client_with(&url, &[]).send_sms(&message(PHONE)).await).await;
}

#[tokio::test]
async fn a_hostile_answer_is_no_success() {
    let twilio = CONTRACT.start().await;
    let client = client(&twilio);
    let outgoing = message(PHONE);
    let more = [
        "{\"sid\": \"SM1\", \"status\": null}",
        "{\"sid\": \"+12025550123\", \"status\": \"queued\"}",
        "{\"sid\": [\"SM1\"], \"status\": \"queued\"}",
        "{\"sid\": \"\", \"status\": \"queued\", \"price\": {}}",
        "{\"code\": \"+12025550123\"}",
    ];
    trials::hostile(&twilio, &more, || client.send_sms(&outgoing)).await;
}

#[tokio::test]
async fn the_check_asks_for_the_account_and_wants_it_active() {
    let twilio = CONTRACT.start().await;
    let client = client(&twilio);
    assert_eq!(client.check().await, Ok(()));
    assert_eq!((twilio.last().method.as_str(), twilio.last().body.as_str()), ("GET", ""));
    let misconfigured = |code| Err(Refused::new(Failure::Misconfigured, code));
    for (reply, outcome) in [
        (account_in("suspended"), misconfigured("account-suspended")),
        (account_in("closed"), misconfigured("account-closed")),
        (error(401, 20003, "Authenticate"), misconfigured("20003")),
        (Reply::html(502), Err(Refused::new(Failure::TryLater, "http-502"))),
        (Reply::json(200, &json!([])), Err(Refused::garbled())),
    ] {
        twilio.has(Fault::Answers(reply));
        assert_eq!(client.check().await, outcome);
    }
    twilio.is_well();
    let stranger = client_with(&twilio.url, &[("TWILIO_AUTH_TOKEN", "another")]);
    assert_eq!(stranger.check().await, misconfigured("20003"));
}
