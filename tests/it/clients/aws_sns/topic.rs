//! What a topic of AWS SNS posts.

use chemstock::clients::outbound::{Distrust, ReceiptState};
use chrono::TimeDelta;
use serde_json::json;

use super::{client, client_with, reports::event, start};
use crate::{
    clients::trials::now,
    support::{
        outside::{Fault, Outside, Reply},
        providers::aws_sns::{
            CONTRACT, MESSAGE_ID,
            topic::{self, ARN, envelope, notification, post, signed},
        },
    },
};

/// Signed once by openssl with the key of the tests: version 1 by SHA-1, version 2 by SHA-256.
#[tokio::test]
async fn both_versions_of_signatures_are_checked_as_openssl_makes_them() {
    let (sns, outside) = start().await;
    let report = json!({"eventType": "TEXT_DELIVERED", "messageId": MESSAGE_ID});
    let mut envelope = envelope(&outside.url, now(), "Notification", &report.to_string());
    envelope.insert("Subject".to_owned(), "ä report".into());
    for (version, signature, other) in [("1", BY_SHA1, BY_SHA256), ("2", BY_SHA256, BY_SHA1)] {
        envelope.insert("SignatureVersion".to_owned(), version.into());
        envelope.insert("Signature".to_owned(), signature.into());
        let receipts = sns.receipts(&post(&envelope).at(now())).await;
        assert_eq!(receipts.unwrap()[0].state, ReceiptState::Delivered, "version {version}");
        envelope.insert("Signature".to_owned(), other.into());
        assert_eq!(sns.receipts(&post(&envelope).at(now())).await, Err(Distrust::Forged), "version {version}");
    }
    envelope.insert("SignatureVersion".to_owned(), "3".into());
    assert_eq!(sns.receipts(&post(&envelope).at(now())).await, Err(Distrust::Forged));
}

#[tokio::test]
async fn what_is_changed_on_the_way_is_refused() {
    let (sns, outside) = start().await;
    let genuine = envelope(&outside.url, now(), "Notification", &event("TEXT_DELIVERED").to_string());
    let genuine = signed(genuine);
    for name in ["Message", "MessageId", "Timestamp", "TopicArn", "Type", "Signature", "SignatureVersion"] {
        let mut changed = genuine.clone();
        let text = changed[name].as_str().unwrap().to_owned();
        changed.insert(name.to_owned(), format!("{text}1").into());
        assert_eq!(sns.receipts(&post(&changed).at(now())).await, Err(Distrust::Forged), "{name}");
        changed.remove(name);
        if name != "Type" {
            assert_eq!(sns.receipts(&post(&changed).at(now())).await, Err(Distrust::Forged), "{name}");
        }
    }
    let mut more = genuine.clone();
    more.insert("Subject".to_owned(), "more".into());
    assert_eq!(sns.receipts(&post(&more).at(now())).await, Err(Distrust::Forged));
    let mut another = post(&genuine);
    another.headers.insert("x-amz-sns-message-type", "SubscriptionConfirmation".parse().unwrap());
    assert_eq!(sns.receipts(&another.at(now())).await, Err(Distrust::Forged));
    another.headers.clear();
    assert_eq!(sns.receipts(&another.at(now())).await, Err(Distrust::Forged));
    for body in ["", "null", "[]", "{}", "{\"Type\": 5}"] {
        let mut other = post(&genuine);
        other.body = body.into();
        assert_eq!(sns.receipts(&other.at(now())).await, Err(Distrust::Forged), "{body}");
    }
    assert!(sns.receipts(&post(&genuine).at(now())).await.is_ok());
}

#[tokio::test]
async fn a_flipped_bit_in_the_signed_text_is_no_receipt() {
    let (sns, outside) = start().await;
    let posted = notification(&outside.url, now(), &event("TEXT_DELIVERED"));
    let unsigned = ["SigningCertURL", "UnsubscribeURL"].map(|name| {
        let body = String::from_utf8(posted.body.clone()).unwrap();
        let start = body.find(name).unwrap();
        start - 1..start + body[start..].find(['}', ',']).unwrap()
    });
    for (what, flipped) in posted.flipped() {
        let index: usize = what.split(' ').nth(1).unwrap().parse().unwrap();
        if what.ends_with("the body") && !unsigned.iter().any(|part| part.contains(&index)) {
            assert!(sns.receipts(&flipped.at(now())).await.is_err(), "{what}");
        }
    }
}

#[tokio::test]
async fn another_topic_is_not_believed_and_without_one_nothing_is() {
    let (sns, outside) = start().await;
    let mut other = envelope(&outside.url, now(), "Notification", &event("TEXT_DELIVERED").to_string());
    other.insert("TopicArn".to_owned(), format!("{ARN}-2").into());
    assert_eq!(sns.receipts(&post(&signed(other)).at(now())).await, Err(Distrust::Forged));
    let without = client_with(&outside.url, &[("AWS_SNS_TOPIC_ARN", "")]);
    let posted = notification(&outside.url, now(), &event("TEXT_DELIVERED"));
    assert_eq!(without.receipts(&posted.at(now())).await, Err(Distrust::NotSetUp));
    assert_eq!(outside.asked().len(), 0, "no certificate is fetched for either");
}

#[tokio::test]
async fn a_report_is_believed_for_an_hour() {
    let (sns, outside) = start().await;
    let posted = notification(&outside.url, now(), &event("TEXT_DELIVERED"));
    assert!(sns.receipts(&posted.at(now() + TimeDelta::hours(1))).await.is_ok());
    let late = now() + TimeDelta::hours(1) + TimeDelta::seconds(1);
    assert_eq!(sns.receipts(&posted.at(late)).await, Err(Distrust::Stale));
}

#[tokio::test]
async fn certificates_are_fetched_from_sns_alone() {
    let (sns, outside) = start().await;
    let elsewhere =
        Outside::start(|_| Reply { status: 200, content_type: "", body: topic::CERTIFICATE.to_owned() }).await;
    let genuine = signed(envelope(&outside.url, now(), "Notification", &event("TEXT_DELIVERED").to_string()));
    let ours = outside.url.trim_start_matches("http://");
    for url in [
        format!("{}/a.pem", elsewhere.url),
        format!("http://{ours}@{}/a.pem", elsewhere.url.trim_start_matches("http://")),
        format!("http://user:pass@{ours}/a.pem"),
        format!("{}/a.pem#b", outside.url),
        format!("https://{ours}/a.pem"),
        format!("{}/a", outside.url),
        format!("{}/a?b=.pem", outside.url),
        "https://sns.us-east-1.amazonaws.com/a.pem".to_owned(),
        "file:///etc/a.pem".to_owned(),
        "a.pem".to_owned(),
        String::new(),
    ] {
        let mut changed = genuine.clone();
        changed.insert("SigningCertURL".to_owned(), url.clone().into());
        assert_eq!(sns.receipts(&post(&changed).at(now())).await, Err(Distrust::Forged), "{url}");
    }
    assert_eq!((outside.asked().len(), elsewhere.asked().len()), (0, 0));
    let real = client("https://sns.us-east-1.amazonaws.com");
    for host in ["sns.eu-west-1.amazonaws.com", "sns.us-east-1.amazonaws.com.evil.example", "evil.example", ours] {
        let mut changed = genuine.clone();
        changed.insert("SigningCertURL".to_owned(), format!("https://{host}/a.pem").into());
        assert_eq!(real.receipts(&post(&changed).at(now())).await, Err(Distrust::Forged), "{host}");
        changed.insert("SigningCertURL".to_owned(), "http://sns.us-east-1.amazonaws.com/a.pem".into());
        assert_eq!(real.receipts(&post(&changed).at(now())).await, Err(Distrust::Forged));
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_had_is_an_outage_and_is_asked_for_every_five_seconds_at_most() {
    let (sns, outside) = start().await;
    let posted = notification(&outside.url, now(), &event("TEXT_DELIVERED"));
    let twice = topic::CERTIFICATE.repeat(2);
    let bodies = ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &twice];
    for (round, body) in bodies.into_iter().enumerate() {
        let later = now() + TimeDelta::seconds(5 * i64::try_from(round).unwrap());
        outside.has(Fault::Answers(Reply { status: 200, content_type: "", body: body.to_owned() }));
        for _ in 0..3 {
            assert_eq!(sns.receipts(&posted.at(later)).await, Err(Distrust::Away), "{body}");
        }
        assert_eq!(outside.asked().len(), round + 1);
    }
    outside.is_well();
    assert!(sns.receipts(&posted.at(now() + TimeDelta::minutes(1))).await.is_ok());
}

#[tokio::test]
async fn a_subscription_of_our_topic_is_confirmed_and_one_of_another_place_is_not() {
    let (sns, outside) = start().await;
    let genuine = envelope(&outside.url, now(), "SubscriptionConfirmation", "You have chosen to subscribe");
    let posted = post(&signed(genuine.clone()));
    assert_eq!(sns.receipts(&posted.at(now())).await, Ok(vec![]));
    let asked = outside.last();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/"));
    assert_eq!(asked.query, format!("Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37f"));

    let count = outside.asked().len();
    let elsewhere = CONTRACT.start().await;
    let mut other = genuine.clone();
    other.insert("SubscribeURL".to_owned(), format!("{}/?Action=ConfirmSubscription", elsewhere.url).into());
    assert_eq!(sns.receipts(&post(&signed(other)).at(now())).await, Err(Distrust::Unreadable));
    let mut unsigned = signed(genuine);
    unsigned.insert("Token".to_owned(), "another".into());
    assert_eq!(sns.receipts(&post(&unsigned).at(now())).await, Err(Distrust::Forged));
    assert_eq!((outside.asked().len(), elsewhere.asked().len()), (count, 0));

    let ended = envelope(&outside.url, now(), "UnsubscribeConfirmation", "You have chosen to leave");
    assert_eq!(sns.receipts(&post(&signed(ended)).at(now())).await, Ok(vec![]));
    assert_eq!(outside.asked().len(), count, "it is not subscribed again");

    outside.has(Fault::Answers(Reply::html(500)));
    assert_eq!(sns.receipts(&posted.at(now())).await, Err(Distrust::Away));
}

const BY_SHA1: &str = "eVV2/zMP/PuXRfDfR7FeNx8iMamL/m42oMlTtZt6DnWTKWxQcB/DUbOr4LJjV3QDlZqxz1vvoDovyUK7CTGBsESRVm60G4BeM4\
    xa0jeBsV3IChJRuL1LpmgQCSgJzek+yW4zXcHPaqJ+DDSpd/M+iGtJdnymfXuLBp0uCkhyDjgbVWR3Jd9E3VagjKHAyWCIkFKs7MjvnUVMd4GGnWovGqcKF\
    nRqYLsca1NQvXxnUXI+pHA4ox5xsqp7ZeKDMtAH//johuaGs43qgZ/se43gVlB1Y8LVUsQfaXBSTc/k+vpL1RCDA0OXCJRrzGpe3Zr3119atK8MdhBUWbBE\
    hUyZOA==";
const BY_SHA256: &str = "Yth17wbrGWdPg+rN8sS8xKqTyFZRgiAlp0p3pAoRFejKEbPAc5donREbfgN0nBp/Pxj74A3z5feM3aPUTN6eJko/jiAVlwrq23uzB\
    0IMR5L34pUT+U/33srie4KczGjlQTiYj5VjWYd3RbX+O6UIKMmVGgXh4XETO/IYd0LGcBH58weJYMwjSvG5/KEjXXGg0Jf2pQ0MvV10HGdrCGZkhHJ3ADgQ\
    LEzDWfWdzMS4NxrJ8v6mBoRtOM/VMZeOqhf0YeW2jlJw6JRqKWmfdz6Qkdv113/VaQ5hnIDHD94yzWveUhwxo1Q8lmTuuTF9TK4rYsBf/ds/qmfTvKHhfDk9\
    Mw==";
