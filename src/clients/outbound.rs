//! What all ways to a phone or a mailbox have in common: what goes out, what comes of it at once, and what is told
//! later.

use std::time::Duration;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::http::{self, How};
use crate::base::{enumeration::enumeration, language::Language};

/// One message, as it is handed to a provider.
pub struct Outgoing<'a> {
    /// Ours; receipts may bring it back.
    pub reference: Uuid,
    /// A phone in E.164, or a mail address.
    pub to: &'a str,
    /// The line above a letter; of no use elsewhere.
    pub subject: &'a str,
    pub text: &'a str,
    /// For channels that send a template and fill it in.
    pub code: Option<&'a str>,
    pub language: Language,
    /// After this it is of no use, and is better not delivered.
    pub valid_for: Duration,
    /// Where receipts are to go; none where nobody could reach us.
    pub receipts_at: Option<&'a str>,
}

/// The provider has taken it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's name for it, under which receipts come.
    pub id: String,
    pub price: Option<Price>,
    /// It has arrived already; no receipt will say so.
    pub delivered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    pub amount: Decimal,
    /// ISO 4217, in capitals.
    pub currency: String,
}

/// The provider has not taken it, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub why: Failure,
    /// The provider's own code for it, or ours where it gave none, such as `timeout`. Goes to logs and tables.
    pub code: String,
}

/// What a failure means for whoever would try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// This number gets no message, whoever sends it.
    NumberRefused,
    /// Its holder wants none from us.
    ConsentWithdrawn,
    /// By a rule of the provider: a country that is not allowed, a filter, a limit of spending.
    Blocked,
    /// Our account, credentials or sender are wrong.
    Misconfigured,
    /// Nothing was sent; another try, or another provider, may do it.
    TryLater,
    /// It may have been sent: no answer came in time, or it broke off, or nobody can read it.
    #[serde(other)]
    Unknown,
}

enumeration!(Failure::name in "message_attempts.failure" {
    NumberRefused = "number_refused",
    ConsentWithdrawn = "consent_withdrawn",
    Blocked = "blocked",
    Misconfigured = "misconfigured",
    TryLater = "try_later",
    Unknown = "unknown",
});

impl Failure {
    /// Whether another provider may be asked.
    pub fn passes_on(self) -> bool {
        !matches!(self, Self::NumberRefused | Self::ConsentWithdrawn)
    }
}

pub type Sending = Result<Accepted, Refused>;

impl Accepted {
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), price: None, delivered: false }
    }
}

impl Refused {
    /// What a provider calls a code can be anything, also the phone: only what looks like a code is kept.
    pub fn new(why: Failure, code: &str) -> Self {
        Self { why, code: plain_code(code) }
    }

    /// An answer of status 2xx that cannot be read: it may stand for a message that was sent.
    pub fn garbled() -> Self {
        Self::new(Failure::Unknown, "garbled")
    }

    /// For a status whose body says nothing more.
    pub fn by_status(status: StatusCode) -> Self {
        let why = match status.as_u16() {
            401 | 403 | 404 => Failure::Misconfigured,
            408 | 425 | 429 | 500.. => Failure::TryLater,
            200..=299 => Failure::Unknown,
            _ => Failure::Misconfigured,
        };
        Self::new(why, &format!("http-{}", status.as_u16()))
    }
}

/// At most 32 letters, digits, `-`, `_` and `.`, and no number long enough to be a phone.
pub fn plain_code(code: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let longest_number = code.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let ok = !code.is_empty() && code.len() <= 32 && code.chars().all(is_plain) && longest_number <= 7;
    if ok { code.to_owned() } else { "other".to_owned() }
}

impl From<http::Failed> for Refused {
    fn from(failed: http::Failed) -> Self {
        match failed.how {
            How::NotSent => Self::new(Failure::TryLater, "unreachable"),
            How::Silent => Self::new(Failure::Unknown, "timeout"),
            How::Broken => Self::new(Failure::Unknown, "broken-off"),
            How::Status(status) => Self::by_status(status),
        }
    }
}

/// A request of a provider to us, before anybody has believed it.
pub struct Callback<'a> {
    /// As the provider has it: what we gave out, with the query.
    pub url: &'a str,
    /// Without the question mark.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub now: DateTime<Utc>,
}

impl Callback<'_> {
    /// Empty unless there is one that is text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What a provider says of a message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's name for the message.
    pub id: String,
    /// Ours, where the provider brings it back.
    pub reference: Option<Uuid>,
    pub state: ReceiptState,
    pub price: Option<Price>,
    /// The provider's code of a failure.
    pub code: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptState {
    /// On its way.
    Sent,
    Delivered,
    Failed(Failure),
}

/// Why a callback is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    #[error("its signature is missing or wrong")]
    Forged,
    #[error("it is too old")]
    Stale,
    #[error("it is signed, but cannot be read")]
    Unreadable,
    #[error("what it takes to check it is not set up")]
    NotSetUp,
    #[error("what it takes to check it cannot be reached")]
    Away,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_provider_is_kept_only_if_it_looks_like_one() {
        for good in ["21610", "EC2.Throttled", "http-503", "131026"] {
            assert_eq!(plain_code(good), good);
        }
        for bad in ["", "+12025550123", "12025550123", "a b", "to:1", &"x".repeat(33)] {
            assert_eq!(plain_code(bad), "other", "{bad}");
        }
    }

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<Failure>();
    }
}
