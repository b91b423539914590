//! What Vonage's errors mean for whoever would try again.

use crate::clients::outbound::Failure::{self, Blocked, ConsentWithdrawn, Misconfigured, NumberRefused, TryLater};

/// Vonage SMS API, error codes (<https://developer.vonage.com/en/api-errors/sms>): of an answer.
pub(super) fn of_status(status: &str) -> Failure {
    match status {
        // Too fast, an error inside, too many connections.
        "1" | "5" | "10" => TryLater,
        // Fields, credentials, an account that is barred, out of money or not for HTTP, the sender, the callback, a
        // trial.
        "2" | "3" | "4" | "8" | "9" | "11" | "12" | "14" | "15" | "22" | "23" | "29" | "32" => Misconfigured,
        // A prefix that nobody knows, a number that is barred or out of use.
        "6" | "7" | "33" => NumberRefused,
        _ => TryLater,
    }
}

/// Vonage SMS API, delivery receipts, error codes: None for one that says no more than the status beside it.
pub(super) fn of_receipt(code: &str) -> Option<Failure> {
    let why = match code {
        // Absent for now, ported, busy, a network in trouble, no route, no money on the card.
        "2" | "5" | "7" | "8" | "11" | "15" => TryLater,
        // Absent for good, barred by whoever has it, not to be reached, blocked by the carrier.
        "3" | "4" | "12" | "14" => NumberRefused,
        "6" | "13" => Blocked,
        "9" | "53" => ConsentWithdrawn,
        // The message itself, the sender, and what India wants registered.
        "10" | "39" | "50" | "51" | "52" | "54" => Misconfigured,
        _ => return None,
    };
    Some(why)
}
