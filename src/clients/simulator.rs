//! A provider of SMS without a network, for development and drills: some numbers always do well, others always fail. It
//! knows the numbers of Twilio's test credentials, and three of our own.

use super::outbound::{Accepted, Failure, Outgoing, Refused, Sending};
use crate::base::phone::Phone;

pub struct Simulator {
    sender: String,
}

impl Simulator {
    pub fn new(sender: &str) -> Self {
        Self { sender: sender.to_owned() }
    }

    /// Looks at the sender first, as Twilio does.
    pub fn send(&self, message: &Outgoing<'_>) -> Sending {
        if let Some((code, why)) = of_sender(&self.sender).or_else(|| of_recipient(message.to)) {
            return Err(Refused::new(why, code));
        }
        Ok(Accepted { id: format!("SM{}", message.reference.simple()), price: None, delivered: true })
    }
}

/// Twilio, test credentials, "From".
fn of_sender(sender: &str) -> Option<(&'static str, Failure)> {
    match sender {
        "+15005550006" => None,
        "+15005550001" => Some(("21212", Failure::Misconfigured)),
        "+15005550008" => Some(("21611", Failure::TryLater)),
        // +15005550007 stands for all numbers that are not the account's.
        _ => Some(("21606", Failure::Misconfigured)),
    }
}

/// Twilio, test credentials, "To". To Twilio the last two are numbers like any other; they fail here, so that a person
/// who tries the app can see what happens then. The codes are those that a real failure of the kind has.
fn of_recipient(recipient: &str) -> Option<(&'static str, Failure)> {
    match recipient {
        "+15005550006" => None,
        "+15005550001" => Some(("21211", Failure::NumberRefused)),
        "+15005550002" => Some(("21612", Failure::Blocked)),
        "+15005550003" => Some(("21408", Failure::Blocked)),
        "+15005550004" => Some(("21610", Failure::ConsentWithdrawn)),
        "+15005550009" => Some(("21614", Failure::NumberRefused)),
        "+15005550007" => Some(("30006", Failure::NumberRefused)),
        "+15005550008" => Some(("20500", Failure::TryLater)),
        other => Phone::parse(other, None).err().map(|_| ("21211", Failure::NumberRefused)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::base::language::Language;

    fn outcome(sender: &str, to: &str) -> Result<bool, (String, Failure)> {
        let message = Outgoing {
            reference: Uuid::from_u128(1),
            to,
            subject: "",
            text: "",
            code: None,
            language: Language::English,
            valid_for: Duration::from_mins(10),
            receipts_at: None,
        };
        let sent = Simulator::new(sender).send(&message);
        sent.map(|accepted| accepted.delivered).map_err(|refused| (refused.code, refused.why))
    }

    #[test]
    fn senders_fail_as_with_twilios_test_credentials() {
        for (sender, code, why) in [
            ("+15005550001", "21212", Failure::Misconfigured),
            ("+15005550007", "21606", Failure::Misconfigured),
            ("+15005550008", "21611", Failure::TryLater),
            ("+15005550000", "21606", Failure::Misconfigured),
            ("+12025550123", "21606", Failure::Misconfigured),
            ("Chemstock", "21606", Failure::Misconfigured),
        ] {
            for recipient in ["+12025550123", "+15005550001", "+15005550006", "nobody"] {
                assert_eq!(outcome(sender, recipient), Err((code.to_owned(), why)), "{sender}");
            }
        }
    }

    #[test]
    fn recipients_fail_as_with_twilios_test_credentials_or_by_our_rule() {
        for (recipient, code, why) in [
            ("+15005550001", "21211", Failure::NumberRefused),
            ("+15005550002", "21612", Failure::Blocked),
            ("+15005550003", "21408", Failure::Blocked),
            ("+15005550004", "21610", Failure::ConsentWithdrawn),
            ("+15005550009", "21614", Failure::NumberRefused),
            ("+15005550007", "30006", Failure::NumberRefused),
            ("+15005550008", "20500", Failure::TryLater),
            ("+1202", "21211", Failure::NumberRefused),
            ("nobody", "21211", Failure::NumberRefused),
            ("", "21211", Failure::NumberRefused),
        ] {
            assert_eq!(outcome("+15005550006", recipient), Err((code.to_owned(), why)), "{recipient}");
        }
    }

    #[test]
    fn every_other_recipient_has_the_message_at_once() {
        for recipient in ["+15005550006", "+12025550123", "+15005550010", "+4915112345678"] {
            assert_eq!(outcome("+15005550006", recipient), Ok(true), "{recipient}");
        }
    }
}
