//! What Twilio's errors mean for whoever would try again; the same codes come at once and in receipts.

use crate::clients::outbound::Failure;

/// Twilio error dictionary (<https://www.twilio.com/docs/api/errors>).
pub(super) fn meaning(code: &str) -> Option<Failure> {
    use Failure::{Blocked, ConsentWithdrawn, Misconfigured, NumberRefused, TryLater};
    let why = match code.parse().ok()? {
        // The account: not active, wrong credentials, a right that is missing, a trial that sends to verified numbers
        // only.
        10_001 | 20_003 | 20_005 | 20_006 | 20_008 | 20_010 | 20_404 | 21_267 | 21_607 | 21_608 | 30_002 => {
            Misconfigured
        }
        14_107 | 20_429 | 20_500 | 20_503 | 20_504 => TryLater,
        // To: no number, a short code, no mobile phone, a landline.
        21_211 | 21_217 | 21_265 | 21_614 | 21_635 => NumberRefused,
        // A country that is switched off, and a pair of sender and country that Twilio has no way for: others may have
        // one.
        21_408 | 21_612 => Blocked,
        21_610 => ConsentWithdrawn,
        21_611 => TryLater,
        // From, the messaging service, the template, and fields that we fill in.
        21_212
        | 21_266
        | 21_602..=21_606
        | 21_609
        | 21_617
        | 21_619
        | 21_655
        | 21_656
        | 21_659..=21_661
        | 21_701
        | 21_703..=21_705 => Misconfigured,
        30_001 | 30_003 | 30_008 | 30_017 | 30_022 | 30_036 | 30_410 | 30_500 => TryLater,
        30_005 | 30_006 => NumberRefused,
        // A filter, a cap of the day, pumping of SMS.
        30_004 | 30_007 | 30_010 | 30_023 | 30_027 | 30_038 | 30_039 | 30_450 | 30_453 | 30_454 | 60_605 => Blocked,
        // A sender that is not registered where it would have to be.
        30_012 | 30_018 | 30_019 | 30_024 | 30_032..=30_035 | 30_037 | 30_040..=30_042 | 30_044 => Misconfigured,
        63_003 | 63_024 => NumberRefused,
        63_010 | 63_012 | 63_018 | 63_023 | 63_029 => TryLater,
        63_013 | 63_026 | 63_032 | 63_038 | 63_049 => Blocked,
        63_014 | 63_033 => ConsentWithdrawn,
        63_001
        | 63_002
        | 63_005..=63_007
        | 63_015
        | 63_016
        | 63_020..=63_022
        | 63_027
        | 63_028
        | 63_030
        | 63_031
        | 63_040..=63_042
        | 63_051 => Misconfigured,
        _ => return None,
    };
    Some(why)
}

/// For a message that Twilio took and then gave up.
pub(super) fn meaning_or_later(code: Option<&str>) -> Failure {
    code.and_then(meaning).unwrap_or(Failure::TryLater)
}
