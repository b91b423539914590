//! Sending by AWS SNS.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chemstock::{
    base::clock::Clock,
    clients::{
        aws_sns::AwsSns,
        http::Http,
        outbound::{Accepted, Failure, Refused},
    },
};

use super::trials::{self, PHONE, TEXT};
use crate::support::{
    outside::{Asked, Fault, Outside, Reply},
    providers::aws_sns::{CONTRACT, KEY_ID, MESSAGE_ID, OPTED_OUT, SECRET, error, sigv4},
};

mod reports;
mod topic;

fn client(url: &str) -> AwsSns {
    client_with(url, &[])
}

fn client_with(url: &str, vars: &[(&str, &str)]) -> AwsSns {
    let config = trials::config(&CONTRACT, url, vars).aws_sns.expect("set up");
    AwsSns::new(&config, &Http::new(None), &Clock::manual(trials::now()))
}

async fn start() -> (AwsSns, Outside) {
    let outside = CONTRACT.start().await;
    (client(&outside.url), outside)
}

#[tokio::test]
async fn a_message_is_published_as_the_contract_says() {
    let (sns, outside) = start().await;
    assert_eq!(sns.send(&trials::message(PHONE)).await, Ok(Accepted::new(MESSAGE_ID)));
    let asked = outside.last();
    let form = asked.form();
    let expected = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("PhoneNumber", PHONE),
        ("Message", TEXT),
        ("MessageAttributes.entry.1.Name", "AWS.SNS.SMS.SMSType"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "Transactional"),
        ("MessageAttributes.entry.2.Name", "AWS.SNS.SMS.SenderID"),
        ("MessageAttributes.entry.2.Value.DataType", "String"),
        ("MessageAttributes.entry.2.Value.StringValue", "Chemstock"),
        ("MessageAttributes.entry.3.Name", "AWS.SNS.SMS.MaxPrice"),
        ("MessageAttributes.entry.3.Value.DataType", "Number"),
        ("MessageAttributes.entry.3.Value.StringValue", "0.50"),
    ];
    let expected: HashMap<_, _> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(form, expected);
    assert_eq!(asked.header("x-amz-date"), "20270115T080000Z");
    assert!(!asked.headers.contains_key("x-amz-security-token"));
}

#[tokio::test]
async fn what_is_not_configured_is_left_out_and_a_number_is_an_origination_number() {
    let outside = CONTRACT.start().await;
    let bare = client_with(&outside.url, &[("AWS_SNS_SENDER_ID", ""), ("AWS_SNS_MAX_PRICE", "")]);
    assert_eq!(bare.send(&trials::message(PHONE)).await, Ok(Accepted::new(MESSAGE_ID)));
    assert_eq!(outside.last().form().len(), 7);

    let numbered = client_with(&outside.url, &[("AWS_SNS_SENDER_ID", "+12025550100")]);
    assert_eq!(numbered.send(&trials::message(PHONE)).await, Ok(Accepted::new(MESSAGE_ID)));
    let form = outside.last().form();
    assert_eq!(form["MessageAttributes.entry.2.Name"], "AWS.MM.SMS.OriginationNumber");
    assert_eq!(form["MessageAttributes.entry.2.Value.StringValue"], "+12025550100");
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed() {
    let outside = CONTRACT.start().await;
    let sns = client_with(&outside.url, &[("AWS_SESSION_TOKEN", "TOKEN/EXAMPLE+=")]);
    assert_eq!(sns.send(&trials::message(PHONE)).await, Ok(Accepted::new(MESSAGE_ID)));
    let asked = outside.last();
    assert_eq!(asked.header("x-amz-security-token"), "TOKEN/EXAMPLE+=");
    assert!(asked.header("authorization").contains(";x-amz-security-token,"));
}

#[tokio::test]
async fn credentials_that_are_wrong_are_told_apart() {
    let outside = CONTRACT.start().await;
    for (name, value, code) in [
        ("AWS_ACCESS_KEY_ID", "AKIDOTHER", "InvalidClientTokenId"),
        ("AWS_SECRET_ACCESS_KEY", "another", "SignatureDoesNotMatch"),
        ("AWS_REGION", "eu-central-1", "SignatureDoesNotMatch"),
    ] {
        let sns = client_with(&outside.url, &[(name, value)]);
        let refused = Refused::new(Failure::Misconfigured, code);
        assert_eq!(sns.send(&trials::message(PHONE)).await, Err(refused.clone()));
        assert_eq!(sns.check().await, Err(refused));
    }
}

#[tokio::test]
async fn a_holder_who_sent_stop_and_a_bad_number_get_nothing() {
    let (sns, _outside) = start().await;
    for (phone, why, code) in
        [(OPTED_OUT, Failure::ConsentWithdrawn, "OptedOut"), ("+1", Failure::NumberRefused, "InvalidParameter")]
    {
        assert_eq!(sns.send(&trials::message(phone)).await, Err(Refused::new(why, code)));
    }
}

#[tokio::test]
async fn every_error_means_what_the_contract_says() {
    let (sns, outside) = start().await;
    trials::errors(CONTRACT, &outside, || async { sns.send(&trials::message(PHONE)).await }).await;
}

#[tokio::test]
async fn faults_on_the_way_are_told_apart() {
    trials::faults(CONTRACT, |url| async move { client(&url).send(&trials::message(PHONE)).await }).await;
}

#[tokio::test]
async fn an_answer_that_sns_does_not_give_is_no_success() {
    let (sns, outside) = start().await;
    let more = [
        "<PublishResponse><PublishResult><MessageId></MessageId></PublishResult></PublishResponse>",
        "<MessageId>a",
        "<MessageId><b>a</b></MessageId>",
        "<MessageId>a</MessageId><MessageId>b</MessageId>",
        "<MessageId>&x;</MessageId>",
        "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><MessageId>&y;</MessageId>",
        "<MessageId>+12025550123</MessageId>",
        "<ErrorResponse><Error><Code></Code></Error></ErrorResponse>",
        "<Code>+12025550123</Code>",
        "<Code>12025550123</Code>",
        "</Code><Code>",
    ];
    trials::hostile(&outside, &more, || async { sns.send(&trials::message(PHONE)).await }).await;
}

#[tokio::test]
async fn the_check_asks_for_attributes_and_sends_nothing() {
    let (sns, outside) = start().await;
    assert_eq!(sns.check().await, Ok(()));
    assert_eq!(outside.last().form()["Action"], "GetSMSAttributes");

    outside.has(Fault::Answers(error(403, "AuthorizationError", "not authorized")));
    assert_eq!(sns.check().await, Err(Refused::new(Failure::Misconfigured, "AuthorizationError")));
    outside.has(Fault::Answers(Reply::xml(200, "<html/>")));
    assert_eq!(sns.check().await, Err(Refused::garbled()));
}

/// The example of AWS's own documentation of Signature Version 4: the judge above judges right.
#[test]
fn the_contract_checks_signatures_as_aws_does() {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("host", "iam.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
            SignedHeaders=content-type;host;x-amz-date, \
            Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ];
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let mut asked = Asked {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        query: "Action=ListUsers&Version=2010-05-08".to_owned(),
        headers: headers.into_iter().collect::<HeaderMap>(),
        body: String::new(),
        at: std::time::Instant::now(),
    };
    assert_eq!(sigv4::verify(&asked, KEY_ID, SECRET, "us-east-1", "iam"), Ok(()));
    asked.query.push('1');
    assert_eq!(sigv4::verify(&asked, KEY_ID, SECRET, "us-east-1", "iam"), Err("SignatureDoesNotMatch"));
}
