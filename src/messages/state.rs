//! How far a message and the attempts at it have come.

use serde::Serialize;

use super::Channel;
use crate::{base::enumeration::enumeration, clients::outbound::Failure, config::Provider};

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits for its turn.
    Queued,
    /// A provider has taken it.
    Sent,
    /// It has arrived.
    Delivered,
    /// It will not arrive.
    Failed,
}

enumeration!(MessageState::as_str in "messages.state" {
    Queued = "queued",
    Sent = "sent",
    Delivered = "delivered",
    Failed = "failed",
});

/// What has been tried of a message.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Tried {
    pub provider: String,
    pub state: AttemptState,
    pub failure: Option<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// It was begun. If nobody is at it any more, whoever was has died, and it may have been sent.
    Sending,
    Accepted,
    Delivered,
    Failed,
    /// It may have been sent. So may one of a state that only a newer version knows.
    #[serde(other)]
    Unknown,
}

impl Tried {
    /// Nobody knows whether it was sent.
    pub fn is_open(&self) -> bool {
        matches!(self.state, AttemptState::Sending | AttemptState::Unknown)
    }

    /// Nobody may send it again.
    pub fn is_final(&self) -> bool {
        let ends = |provider| self.failure.is_some_and(|failure| ends(provider, failure));
        self.state == AttemptState::Delivered || Provider::from_name(&self.provider).is_some_and(ends)
    }

    pub fn asked_to_come_later(&self) -> bool {
        self.state == AttemptState::Failed && self.failure == Some(Failure::TryLater)
    }

    pub fn has_no_whatsapp(&self) -> bool {
        let provider = Provider::from_name(&self.provider);
        provider.is_some_and(|provider| provider.channel() == Channel::Whatsapp)
            && self.failure == Some(Failure::NumberRefused)
    }
}

/// Whether nobody is asked after this. A number that WhatsApp refuses is that of somebody without WhatsApp: an SMS may
/// still come.
pub fn ends(provider: Provider, failure: Failure) -> bool {
    let has_no_whatsapp = provider.channel() == Channel::Whatsapp && failure == Failure::NumberRefused;
    !failure.passes_on() && !has_no_whatsapp
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<MessageState>();
    }
}
