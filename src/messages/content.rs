//! What a message says, before it is put into words. No text of a user is in it, so none can be in a message.

use serde::{Deserialize, Serialize};

use crate::language::Language;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
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
