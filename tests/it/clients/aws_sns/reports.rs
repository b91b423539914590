//! Delivery reports of AWS SNS, in both forms.

use chemstock::clients::outbound::{Distrust, Failure, Price, Receipt, ReceiptState};
use serde_json::{Value, json};

use super::start;
use crate::{
    clients::trials::now,
    support::providers::aws_sns::{
        MESSAGE_ID,
        topic::{envelope, notification, post, signed},
    },
};

pub(super) fn event(kind: &str) -> Value {
    json!({
        "eventType": kind, "eventVersion": "1.0", "eventTimestamp": 1_800_000_000_000_i64, "isFinal": true,
        "originationPhoneNumber": "+12025550100", "destinationPhoneNumber": "+12025550123", "isoCountryCode": "US",
        "messageId": MESSAGE_ID, "messageRequestTimestamp": 1_799_999_999_000_i64, "messageEncoding": "GSM",
        "messageType": "TRANSACTIONAL", "messageStatus": kind.trim_start_matches("TEXT_"),
        "messageStatusDescription": "Message has been accepted by phone", "totalMessageParts": 1,
        "totalMessagePrice": 0.00581, "totalCarrierFee": 0.003,
    })
}

fn log(status: &str, response: &str) -> Value {
    json!({
        "notification": {"messageId": MESSAGE_ID, "timestamp": "2027-01-15 08:00:00.000"},
        "delivery": {
            "phoneCarrier": "My Phone Carrier", "mnc": 270, "destination": "+12025550123", "priceInUSD": 0.00645,
            "smsType": "Transactional", "mcc": 310, "providerResponse": response, "dwellTimeMs": 599,
        },
        "status": status,
    })
}

fn receipt(state: ReceiptState, dollars: &str, code: Option<&str>) -> Receipt {
    let price = Price { amount: dollars.parse().expect("a price"), currency: "USD".to_owned() };
    Receipt { id: MESSAGE_ID.to_owned(), reference: None, state, price: Some(price), code: code.map(str::to_owned) }
}

#[tokio::test]
async fn every_event_of_end_user_messaging_becomes_its_receipt() {
    let (sns, outside) = start().await;
    let failures = [
        ("TEXT_INVALID", Failure::NumberRefused),
        ("TEXT_INVALID_MESSAGE", Failure::Misconfigured),
        ("TEXT_BLOCKED", Failure::Blocked),
        ("TEXT_CARRIER_BLOCKED", Failure::Blocked),
        ("TEXT_PROTECT_BLOCKED", Failure::Blocked),
        ("TEXT_SPAM", Failure::Blocked),
        ("TEXT_TTL_EXPIRED", Failure::TryLater),
        ("TEXT_UNREACHABLE", Failure::TryLater),
        ("TEXT_CARRIER_UNREACHABLE", Failure::TryLater),
        ("TEXT_UNKNOWN", Failure::Unknown),
    ];
    let failed = failures.map(|(kind, why)| (event(kind), receipt(ReceiptState::Failed(why), "0.00881", Some(kind))));
    let fates = [
        ("TEXT_DELIVERED", ReceiptState::Delivered),
        ("TEXT_SUCCESSFUL", ReceiptState::Delivered),
        ("TEXT_QUEUED", ReceiptState::Sent),
        ("TEXT_SENT", ReceiptState::Sent),
        ("TEXT_PENDING", ReceiptState::Sent),
    ];
    let others = fates.map(|(kind, state)| (event(kind), receipt(state, "0.00881", None)));
    let (mut between, mut stopped) = (event("TEXT_SUCCESSFUL"), event("TEXT_BLOCKED"));
    between["isFinal"] = false.into();
    stopped["messageStatusDescription"] = "Phone number is opted out".into();
    let special = [
        (between, receipt(ReceiptState::Sent, "0.00881", None)),
        (stopped, receipt(ReceiptState::Failed(Failure::ConsentWithdrawn), "0.00881", Some("TEXT_BLOCKED"))),
    ];
    for (report, receipt) in failed.into_iter().chain(others).chain(special) {
        let posted = notification(&outside.url, now(), &report);
        assert_eq!(sns.receipts(&posted.at(now())).await, Ok(vec![receipt]), "{report}");
    }
    assert_eq!(outside.asked().len(), 1, "the certificate is fetched once");
}

#[tokio::test]
async fn every_entry_of_the_status_log_becomes_its_receipt() {
    let (sns, outside) = start().await;
    let failures = [
        ("Phone number is opted out", Failure::ConsentWithdrawn, "opted-out"),
        ("Invalid phone number", Failure::NumberRefused, "invalid-number"),
        ("Phone number is invalid", Failure::NumberRefused, "invalid-number"),
        ("Phone has blocked SMS", Failure::NumberRefused, "blocked-by-phone"),
        ("Blocked as spam by phone carrier", Failure::Blocked, "blocked-as-spam"),
        ("Phone carrier has blocked this message", Failure::Blocked, "blocked-by-carrier"),
        ("Destination is on a blocked list", Failure::Blocked, "destination-blocked"),
        ("Phone is on a blocked list", Failure::Blocked, "phone-blocked"),
        ("This delivery would exceed max price", Failure::Blocked, "max-price"),
        ("No quota left for account", Failure::Blocked, "no-quota"),
        ("Message body is invalid", Failure::Misconfigured, "invalid-body"),
        ("Phone carrier is currently unreachable/unavailable", Failure::TryLater, "carrier-unreachable"),
        ("Phone is currently unreachable/unavailable", Failure::TryLater, "phone-unreachable"),
        ("Rate exceeded.", Failure::TryLater, "rate-exceeded"),
        ("Unknown error attempting to reach phone", Failure::Unknown, "unknown-error"),
        ("+12025550123 does something new", Failure::Unknown, "other"),
    ];
    let failed = failures
        .map(|(text, why, code)| (log("FAILURE", text), receipt(ReceiptState::Failed(why), "0.00645", Some(code))));
    let delivered = (
        log("SUCCESS", "Message has been accepted by phone carrier"),
        receipt(ReceiptState::Delivered, "0.00645", None),
    );
    for (report, receipt) in failed.into_iter().chain([delivered]) {
        let posted = notification(&outside.url, now(), &report);
        assert_eq!(sns.receipts(&posted.at(now())).await, Ok(vec![receipt]), "{report}");
    }
}

#[tokio::test]
async fn a_report_that_means_nothing_to_us_is_none_and_one_that_cannot_be_read_is_told() {
    let (sns, outside) = start().await;
    let none = [
        json!({}),
        json!([]),
        json!(null),
        json!(5),
        json!({"eventType": "VOICE_COMPLETED", "messageId": MESSAGE_ID}),
        json!({"eventType": "TEXT_DELIVERED"}),
        json!({"eventType": "TEXT_DELIVERED", "messageId": 5}),
        json!({"eventType": "TEXT_DELIVERED", "messageId": "+12025550123 and more"}),
        log("LATER", ""),
        json!({"notification": [], "delivery": "x", "status": "SUCCESS"}),
    ];
    for report in none {
        let posted = notification(&outside.url, now(), &report);
        assert_eq!(sns.receipts(&posted.at(now())).await, Ok(vec![]), "{report}");
    }
    for text in ["", "hello", "{", &"[".repeat(10_000)] {
        let posted = post(&signed(envelope(&outside.url, now(), "Notification", text)));
        assert_eq!(sns.receipts(&posted.at(now())).await, Err(Distrust::Unreadable), "{text:.9}");
    }
}
