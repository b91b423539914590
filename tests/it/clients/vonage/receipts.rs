use std::sync::LazyLock;

use chemstock::clients::{
    outbound::{Distrust, Failure, Receipt, ReceiptState},
    vonage::Vonage,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    super::trials::{REFERENCE, now},
    client_with,
};
use crate::support::providers::{
    posted::Posted,
    vonage::{Fields, MESSAGE, Way, as_json, claims, fields, receipt, unsigned, with_token},
};

const WAYS: [Way; 3] = [Way::Query, Way::Form, Way::Json];

static VONAGE: LazyLock<Vonage> = LazyLock::new(|| client_with("http://127.0.0.1:1", &[]));

fn heard_with(secret: &str, posted: &Posted, now: DateTime<Utc>) -> Result<Vec<Receipt>, Distrust> {
    client_with("http://127.0.0.1:1", &[("VONAGE_SIGNATURE_SECRET", secret)]).receipts(&posted.at(now))
}

fn heard(posted: &Posted) -> Result<Vec<Receipt>, Distrust> {
    VONAGE.receipts(&posted.at(now()))
}

fn told(state: ReceiptState, code: Option<&str>) -> Receipt {
    let code = code.map(str::to_owned);
    Receipt { id: MESSAGE.to_owned(), reference: Some(REFERENCE), state, price: None, code }
}

/// Of this state, as it would come now.
fn dlr(status: &str, code: &str) -> Fields {
    fields(status, code, &REFERENCE.to_string(), now().timestamp())
}

fn in_token(change: impl Fn(&mut Value)) -> Posted {
    let body = as_json(&dlr("delivered", "0"));
    let mut claims = claims(&body, now().timestamp());
    change(&mut claims);
    with_token(&json!({ "alg": "HS256", "typ": "JWT" }), &claims, &body)
}

#[test]
fn each_state_of_a_message_is_a_fate_or_nothing_however_it_travels() {
    let failed = |why| ReceiptState::Failed(why);
    for way in WAYS {
        for (status, state) in [
            ("accepted", ReceiptState::Sent),
            ("buffered", ReceiptState::Sent),
            ("delivered", ReceiptState::Delivered),
            ("expired", failed(Failure::TryLater)),
            ("failed", failed(Failure::TryLater)),
            ("deleted", failed(Failure::TryLater)),
            ("rejected", failed(Failure::Blocked)),
        ] {
            assert_eq!(heard(&receipt(way, dlr(status, "0"))), Ok(vec![told(state, None)]), "{way:?} {status}");
        }
        for status in ["unknown", "", "new"] {
            assert_eq!(heard(&receipt(way, dlr(status, "0"))), Ok(vec![]), "{way:?} {status}");
        }
    }
}

#[test]
fn each_code_of_a_failure_has_its_meaning() {
    use Failure::{Blocked, ConsentWithdrawn, Misconfigured, NumberRefused, TryLater};
    for (code, why) in [
        ("1", TryLater),
        ("2", TryLater),
        ("3", NumberRefused),
        ("4", NumberRefused),
        ("5", TryLater),
        ("6", Blocked),
        ("7", TryLater),
        ("8", TryLater),
        ("9", ConsentWithdrawn),
        ("10", Misconfigured),
        ("11", TryLater),
        ("12", NumberRefused),
        ("13", Blocked),
        ("14", NumberRefused),
        ("15", TryLater),
        ("39", Misconfigured),
        ("53", ConsentWithdrawn),
        ("99", TryLater),
    ] {
        let heard = heard(&receipt(Way::Json, dlr("failed", code)));
        assert_eq!(heard, Ok(vec![told(ReceiptState::Failed(why), Some(code))]));
    }
    let odd = heard(&receipt(Way::Json, dlr("rejected", "+12025550123")));
    assert_eq!(odd, Ok(vec![told(ReceiptState::Failed(Blocked), Some("other"))]));
}

#[test]
fn one_changed_byte_is_refused() {
    for way in WAYS {
        let good = receipt(way, dlr("delivered", "0"));
        let mut tried = 0;
        for (what, bad) in good.flipped() {
            // Neither the address nor the kind of body is signed, and the same may be written in another way: `%3a`.
            if told_by(&bad) == told_by(&good) {
                continue;
            }
            assert_eq!(heard(&bad), Err(Distrust::Forged), "{way:?} {what}");
            tried += 1;
        }
        assert!(tried > 300, "{way:?}: {tried}");
    }
}

/// The fields of a form, or else the bytes.
fn told_by(posted: &Posted) -> Vec<(String, String)> {
    let told = posted.url.split_once('?').map_or(posted.body.as_slice(), |(_, query)| query.as_bytes());
    form_urlencoded::parse(told).into_owned().collect()
}

#[test]
fn what_is_unsigned_or_signed_by_another_is_refused() {
    for way in WAYS {
        assert_eq!(heard(&unsigned(way, &dlr("delivered", "0"))), Err(Distrust::Forged));
        let good = receipt(way, dlr("delivered", "0"));
        assert_eq!(heard_with("another", &good, now()), Err(Distrust::Forged));
        assert_eq!(heard_with("", &good, now()), Err(Distrust::NotSetUp));
        for sig in ["", "0", "zz", "6af838ef94998832dbfc29020b564830"] {
            let mut fields = dlr("delivered", "0");
            fields.push(("sig", sig.to_owned()));
            assert_eq!(heard(&unsigned(way, &fields)), Err(Distrust::Forged), "{sig}");
        }
    }
    for body in ["", "{", "{}", "[]", "null", "sig", "{\"sig\": {}}", "{\"sig\": [\"00\"]}"] {
        let posted = Posted::new("https://lab.example.org/v1/webhooks/vonage", &[], body);
        assert_eq!(heard(&posted), Err(Distrust::Forged), "{body}");
    }
}

#[test]
fn a_receipt_is_believed_for_a_quarter_of_an_hour() {
    let minutes = TimeDelta::minutes;
    let second = TimeDelta::seconds(1);
    for posted in [receipt(Way::Query, dlr("delivered", "0")), in_token(|_| {})] {
        for (now, outcome) in [
            (now() + minutes(15), Ok(1)),
            (now() + minutes(15) + second, Err(Distrust::Stale)),
            (now() - minutes(15), Ok(1)),
            (now() - minutes(15) - second, Err(Distrust::Stale)),
        ] {
            assert_eq!(VONAGE.receipts(&posted.at(now)).map(|receipts| receipts.len()), outcome);
        }
    }
    for at in ["", "soon", "99999999999999999999"] {
        let mut fields = dlr("delivered", "0");
        fields.iter_mut().filter(|(name, _)| *name == "timestamp").for_each(|(_, value)| at.clone_into(value));
        assert_eq!(heard(&receipt(Way::Form, fields)), Err(Distrust::Unreadable), "{at}");
    }
}

#[test]
fn the_signs_that_part_fields_are_signed_as_underscores() {
    for way in WAYS {
        let mut fields = dlr("delivered", "0");
        fields.push(("text", "1&2=3".to_owned()));
        fields.push(("empty", String::new()));
        assert_eq!(heard(&receipt(way, fields)), Ok(vec![told(ReceiptState::Delivered, None)]), "{way:?}");
    }
}

#[test]
fn a_name_or_a_reference_that_is_none_of_ours_is_not_taken() {
    let other = fields("delivered", "0", "12", now().timestamp());
    let receipts = heard(&receipt(Way::Json, other)).unwrap();
    assert_eq!(receipts, [Receipt { reference: None, ..told(ReceiptState::Delivered, None) }]);
    let mut nameless = dlr("delivered", "0");
    nameless.retain(|(name, _)| *name != "messageId");
    assert_eq!(heard(&receipt(Way::Json, nameless)), Err(Distrust::Unreadable));
}

#[test]
fn a_token_of_the_account_over_this_body_is_believed() {
    assert_eq!(heard(&in_token(|_| {})), Ok(vec![told(ReceiptState::Delivered, None)]));
    let no_account = in_token(|claims| drop(claims.as_object_mut().unwrap().remove("api_key")));
    assert_eq!(heard(&no_account), Ok(vec![told(ReceiptState::Delivered, None)]));
    let is_signed = |what: &str| what.ends_with("of the body") || what.ends_with("of authorization");
    for (what, bad) in in_token(|_| {}).flipped().into_iter().filter(|(what, _)| is_signed(what)) {
        assert_eq!(heard(&bad), Err(Distrust::Forged), "{what}");
    }
}

#[test]
fn a_token_that_says_anything_else_is_refused() {
    let set = |name: &'static str, value: Value| in_token(move |claims| claims[name] = value.clone());
    for (posted, distrust) in [
        (set("payload_hash", json!(null)), Distrust::Forged),
        (set("payload_hash", json!("00")), Distrust::Forged),
        (set("api_key", json!("ffff0000")), Distrust::Forged),
        (set("iat", json!(null)), Distrust::Unreadable),
        (set("iat", json!("1800000000")), Distrust::Unreadable),
    ] {
        assert_eq!(heard(&posted), Err(distrust));
    }
    let body = as_json(&dlr("delivered", "0"));
    let good = claims(&body, now().timestamp());
    for algorithm in ["none", "HS384", "HS512", "RS256", "hs256"] {
        let posted = with_token(&json!({ "alg": algorithm, "typ": "JWT" }), &good, &body);
        assert_eq!(heard(&posted), Err(Distrust::Forged), "{algorithm}");
    }
    for (body, outcome) in
        [("{\"a\": {}}", Err(Distrust::Unreadable)), ("{", Err(Distrust::Unreadable)), ("[]", Ok(vec![]))]
    {
        let posted = with_token(&json!({ "alg": "HS256" }), &claims(body, now().timestamp()), body);
        assert_eq!(heard(&posted), outcome, "{body}");
    }
    // It says nothing of what stands in the address.
    let mut in_query = with_token(&json!({ "alg": "HS256" }), &claims("", now().timestamp()), "");
    in_query.url = unsigned(Way::Query, &dlr("delivered", "0")).url;
    assert_eq!(heard(&in_query), Ok(vec![]));
}

/// The vector of Vonage's own library (vonage-python-sdk, `test_signature_sha256`).
#[test]
fn the_vector_of_vonages_library_verifies() {
    let told = "a=1&b=2&timestamp=1461605396&sig=a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24";
    let posted = Posted::new(&format!("https://lab.example.org/v1/webhooks/vonage?{told}"), &[], "");
    let then = DateTime::from_timestamp(1_461_605_396, 0).unwrap();
    assert_eq!(heard_with("secret", &posted, then), Ok(vec![]));
    // That of the account's default, "MD5 hash", over the same.
    let md5 = posted.url.split_once("&sig").unwrap().0.to_owned() + "&sig=6af838ef94998832dbfc29020b564830";
    assert_eq!(heard_with("secret", &Posted { url: md5, ..posted }, then), Err(Distrust::Forged));
}
