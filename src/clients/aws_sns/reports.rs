//! What a delivery report says. There are two forms: the status log of SNS, which somebody has to forward from
//! `CloudWatch` to the topic, and the events of End User Messaging, which goes to the topic by itself.

use serde_json::Value;

use crate::clients::{
    outbound::{Distrust, Failure, Price, Receipt, ReceiptState},
    reading,
};

/// A report that means nothing to us is none.
pub(super) fn read(message: &str) -> Result<Vec<Receipt>, Distrust> {
    let report: Value = serde_json::from_str(message).map_err(|_| Distrust::Unreadable)?;
    let receipt = if report["eventType"].is_string() { event(&report) } else { logged(&report) };
    Ok(receipt.into_iter().collect())
}

/// Amazon SNS developer guide, "Viewing Amazon `CloudWatch` metrics and logs for SMS deliveries".
fn logged(report: &Value) -> Option<Receipt> {
    let id = reading::id(report["notification"]["messageId"].as_str()?)?;
    let delivery = &report["delivery"];
    let (state, code) = match report["status"].as_str()? {
        // In many countries it is the carrier that has accepted the message, and nothing more is ever told.
        "SUCCESS" => (ReceiptState::Delivered, None),
        "FAILURE" => {
            let (why, code) = reason(delivery["providerResponse"].as_str().unwrap_or_default());
            (ReceiptState::Failed(why), Some(code.to_owned()))
        }
        _ => return None,
    };
    Some(Receipt {
        id: id.to_owned(),
        reference: None,
        state,
        price: reading::price(&delivery["priceInUSD"], "USD"),
        code,
    })
}

/// AWS End User Messaging SMS user guide, "Event types for SMS, MMS, and voice".
fn event(report: &Value) -> Option<Receipt> {
    let id = reading::id(report["messageId"].as_str()?)?;
    let kind = report["eventType"].as_str()?;
    let failed = match kind {
        "TEXT_INVALID" => Some(Failure::NumberRefused),
        "TEXT_BLOCKED" | "TEXT_CARRIER_BLOCKED" | "TEXT_PROTECT_BLOCKED" | "TEXT_SPAM" => Some(Failure::Blocked),
        "TEXT_INVALID_MESSAGE" => Some(Failure::Misconfigured),
        "TEXT_TTL_EXPIRED" | "TEXT_UNREACHABLE" | "TEXT_CARRIER_UNREACHABLE" => Some(Failure::TryLater),
        "TEXT_UNKNOWN" => Some(Failure::Unknown),
        "TEXT_DELIVERED" | "TEXT_SUCCESSFUL" | "TEXT_QUEUED" | "TEXT_SENT" | "TEXT_PENDING" => None,
        _ => return None,
    };
    let is_final = report["isFinal"] != Value::Bool(false);
    let description = report["messageStatusDescription"].as_str().unwrap_or_default();
    let opted_out = reason(description).0 == Failure::ConsentWithdrawn;
    let state = match (kind, failed) {
        ("TEXT_DELIVERED", _) => ReceiptState::Delivered,
        // Accepted by the carrier: in many countries the last that is told.
        ("TEXT_SUCCESSFUL", _) if is_final => ReceiptState::Delivered,
        (_, Some(_)) if is_final && opted_out => ReceiptState::Failed(Failure::ConsentWithdrawn),
        (_, Some(why)) if is_final => ReceiptState::Failed(why),
        _ => ReceiptState::Sent,
    };
    let code = matches!(state, ReceiptState::Failed(_)).then(|| kind.to_owned());
    Some(Receipt { id: id.to_owned(), reference: None, state, price: cost(report), code })
}

fn cost(report: &Value) -> Option<Price> {
    let price = reading::price(&report["totalMessagePrice"], "USD")?;
    let fee = reading::price(&report["totalCarrierFee"], "USD").map(|fee| fee.amount).unwrap_or_default();
    Some(Price { amount: price.amount + fee, ..price })
}

/// SNS gives no codes, only these texts; the codes are ours. Amazon SNS developer guide, "SMS delivery failure
/// reasons", and what `CloudWatch` shows beyond it.
fn reason(text: &str) -> (Failure, &'static str) {
    const REASONS: [(&str, Failure, &str); 15] = [
        ("opted out", Failure::ConsentWithdrawn, "opted-out"),
        ("invalid phone number", Failure::NumberRefused, "invalid-number"),
        ("phone number is invalid", Failure::NumberRefused, "invalid-number"),
        ("phone has blocked sms", Failure::NumberRefused, "blocked-by-phone"),
        ("blocked as spam", Failure::Blocked, "blocked-as-spam"),
        ("phone carrier has blocked", Failure::Blocked, "blocked-by-carrier"),
        ("destination is on a blocked list", Failure::Blocked, "destination-blocked"),
        ("phone is on a blocked list", Failure::Blocked, "phone-blocked"),
        ("max price", Failure::Blocked, "max-price"),
        ("no quota left", Failure::Blocked, "no-quota"),
        ("message body is invalid", Failure::Misconfigured, "invalid-body"),
        ("phone carrier is currently unreachable", Failure::TryLater, "carrier-unreachable"),
        ("phone is currently unreachable", Failure::TryLater, "phone-unreachable"),
        ("rate exceeded", Failure::TryLater, "rate-exceeded"),
        ("unknown error", Failure::Unknown, "unknown-error"),
    ];
    let text = text.to_ascii_lowercase();
    let known = REASONS.iter().find(|(part, ..)| text.contains(part));
    known.map_or((Failure::Unknown, "other"), |(_, why, code)| (*why, code))
}
