//! What a topic of SNS posts, signed with a key that is for tests only.

use aws_lc_rs::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::super::posted::Posted;

pub const ARN: &str = "arn:aws:sns:us-east-1:123456789012:sms-delivery";
pub const CERTIFICATE: &str = include_str!("certificate.pem");
/// Where the contract has it.
pub const CERTIFICATE_PATH: &str = "/SimpleNotificationService-0123456789abcdef.pem";
/// Of our webhook.
pub const URL: &str = "https://lab.example.org/v1/webhooks/aws_sns";
const KEY: &str = include_str!("key.pem");

/// A delivery report.
pub fn notification(sns: &str, now: DateTime<Utc>, report: &Value) -> Posted {
    post(&signed(envelope(sns, now, "Notification", &report.to_string())))
}

pub fn envelope(sns: &str, now: DateTime<Utc>, kind: &str, message: &str) -> Map<String, Value> {
    let mut envelope = json!({
        "Type": kind,
        "MessageId": "da41e39f-ea4d-435a-b922-c6aae3915ebe",
        "TopicArn": ARN,
        "Message": message,
        "Timestamp": now.to_rfc3339_opts(SecondsFormat::Millis, true),
        "SignatureVersion": "2",
        "SigningCertURL": format!("{sns}{CERTIFICATE_PATH}"),
    });
    if kind == "Notification" {
        envelope["UnsubscribeURL"] = format!("{sns}/?Action=Unsubscribe").into();
    } else {
        envelope["Token"] = "2336412f37f".into();
        envelope["SubscribeURL"] = format!("{sns}/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37f").into();
    }
    envelope.as_object().unwrap().clone()
}

pub fn signed(mut envelope: Map<String, Value>) -> Map<String, Value> {
    let text = to_sign(&envelope);
    let lines = KEY.lines().filter(|line| !line.starts_with("-----"));
    let pair = KeyPair::from_pkcs8(&BASE64_STANDARD.decode(lines.collect::<String>()).unwrap()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    envelope.insert("Signature".to_owned(), BASE64_STANDARD.encode(signature).into());
    envelope
}

pub fn post(envelope: &Map<String, Value>) -> Posted {
    let kind = envelope["Type"].as_str().unwrap();
    let headers = [("x-amz-sns-message-type", kind), ("content-type", "text/plain; charset=UTF-8")];
    Posted::new(URL, &headers, serde_json::to_vec(envelope).unwrap())
}

/// Name and value, each with a line of its own, in the order of the names.
pub fn to_sign(envelope: &Map<String, Value>) -> String {
    let names: &[&str] = if envelope["Type"] == "Notification" {
        &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    } else {
        &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    };
    let there = names.iter().filter_map(|name| Some((name, envelope.get(*name)?.as_str()?)));
    there.flat_map(|(name, value)| [name, "\n", value, "\n"]).collect()
}
