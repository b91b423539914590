//! What a message says, before it is put into words. No text of a user is in it, so none can be in a message.

use serde::{Deserialize, Serialize};

use crate::base::{enumeration::enumeration, language::Language};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Lets in whoever has the phone.
    LoginCode,
    /// Makes the phone that it goes to the user's.
    PhoneChangeCode,
    /// Makes the mailbox that it goes to the user's.
    EmailCode,
    /// To the old phone: it is another one now.
    PhoneChanged,
    /// An operator looks whether messages arrive.
    Test,
}

enumeration!(Kind::as_str in "messages.kind" {
    LoginCode = "login_code",
    PhoneChangeCode = "phone_change_code",
    EmailCode = "email_code",
    PhoneChanged = "phone_changed",
    Test = "test",
});

/// Sealed in the outbox, as it may hold a code.
#[derive(Clone, Serialize, Deserialize)]
pub struct Content {
    pub kind: Kind,
    pub language: Language,
    pub code: Option<String>,
    /// How long the code is good for.
    pub minutes: u64,
}

impl Content {
    /// One that only says something.
    pub fn notice(kind: Kind, language: Language) -> Self {
        Self { kind, language, code: None, minutes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<Kind>();
    }
}
