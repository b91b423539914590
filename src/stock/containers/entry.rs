//! What is to be written: an event, or a bottle with the event of its receipt.

use chemistry::Quantity;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::auth::Origin;

use super::{NewContainer, changes::Rest, content::Fingerprint, ledger::Situation, line::StockEvent, state::State};

/// An event with all that it writes.
pub struct Entry {
    pub lab_id: Uuid,
    pub after: Situation,
    pub event: StockEvent,
    pub rest: Rest,
    /// Of what opens the bottle: on which it happened, in the lab's time zone of now.
    pub day: Option<NaiveDate>,
    pub content: Fingerprint,
    pub origin: Origin,
    /// An admin acts in a place to which they have no key.
    pub without_key: bool,
}

/// A bottle and the event of its receipt: what the client sent, and what was worked out from it.
pub struct Creation {
    pub id: Uuid,
    pub lab_id: Uuid,
    pub event_id: Uuid,
    pub code: String,
    pub state: State,
    pub low_at: Option<Quantity>,
    pub tare: Option<Quantity>,
    pub rest: Rest,
    pub by: Uuid,
    pub origin: Origin,
    /// As of an event.
    pub without_key: bool,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub content: Fingerprint,
    pub new: NewContainer,
}
