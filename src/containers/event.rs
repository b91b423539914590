//! The events of the ledger as a phone posts them, online or from its queue: one vocabulary.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::state::EventType;
use crate::{
    chemistry::Quantity,
    dates,
    error::{Error, Field, Result},
    text::Note,
};

/// A stock event, told apart by `type`. This is its form in the document; [`PostedEvent`] is what reads it.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NewEvent {
    /// More comes in; an empty bottle is in stock again.
    Receive(WithAmount),
    /// Opened for the first time; sets `opened_on`.
    Open(Plain),
    /// Takes out. Opens the bottle. In any unit of the same dimension, or mass against volume when the density is known.
    #[schema(example = json!({"type": "withdraw", "amount": {"value": "12.5", "unit": "mL"}}))]
    Withdraw(WithAmount),
    /// Puts back what was not used.
    Return(WithAmount),
    /// The scale's reading, bottle and lid included; less the tare, it is the amount. Give `tare` if none is on record.
    Weigh(Weighing),
    /// The amount is found to be another; give the `reason`.
    Adjust(WithAmount),
    Move(Moving),
    /// The caller takes it along.
    CheckOut(Plain),
    CheckIn(Moving),
    /// Nobody may use it until a manager releases it; give the `reason`.
    Quarantine(Plain),
    Release(Plain),
    Lose(Plain),
    Find(Moving),
    /// Used up: the rest is booked out.
    Empty(Plain),
    /// To waste, with what is in it.
    Discard(Plain),
    /// Gone for good: the rest is booked out.
    Dispose(Plain),
    /// Undoes another event of this container by a booking of the opposite.
    Reverse(Reversal),
}

/// What every event can carry.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"type": "open"}))]
pub struct Plain {
    /// Your own UUIDv7. An event with an id that is there already is not booked again.
    pub id: Option<Uuid>,
    /// When it happened, for an event that waited offline; else now.
    pub occurred_at: Option<DateTime<Utc>>,
    pub reason: Option<Note>,
}

#[derive(Serialize, ToSchema)]
pub struct WithAmount {
    #[serde(flatten)]
    pub plain: Plain,
    pub amount: Quantity,
}

#[derive(Serialize, ToSchema)]
pub struct Weighing {
    #[serde(flatten)]
    pub plain: Plain,
    pub gross: Quantity,
    pub tare: Option<Quantity>,
}

#[derive(Serialize, ToSchema)]
pub struct Moving {
    #[serde(flatten)]
    pub plain: Plain,
    /// Required to `move`; where to, if elsewhere, for the others.
    pub location_id: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub struct Reversal {
    #[serde(flatten)]
    pub plain: Plain,
    /// The id of the event to undo.
    pub event_id: Uuid,
}

/// The body as it is read: flat, so that every mistake has its pointer. [`PostedEvent::sort`] makes an [`Event`] of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostedEvent {
    pub r#type: EventType,
    pub id: Option<Uuid>,
    #[serde(default, deserialize_with = "dates::optional")]
    pub occurred_at: Option<DateTime<Utc>>,
    pub reason: Option<Note>,
    amount: Option<Quantity>,
    gross: Option<Quantity>,
    tare: Option<Quantity>,
    location_id: Option<Uuid>,
    event_id: Option<Uuid>,
}

/// What is to happen, with what it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Receive(Quantity),
    Open,
    Withdraw(Quantity),
    Return(Quantity),
    Weigh { gross: Quantity, tare: Option<Quantity> },
    Adjust(Quantity),
    Move(Uuid),
    CheckOut,
    CheckIn(Option<Uuid>),
    Quarantine,
    Release,
    Lose,
    Find(Option<Uuid>),
    Empty,
    Discard,
    Dispose,
    Reverse(Uuid),
}

impl PostedEvent {
    pub fn sort(&self) -> Result<Event> {
        let mut fields = self.superfluous();
        let event = match self.r#type {
            EventType::Receive => self.amount(&mut fields).map(Event::Receive),
            EventType::Open => Some(Event::Open),
            EventType::Withdraw => self.amount(&mut fields).map(Event::Withdraw),
            EventType::Return => self.amount(&mut fields).map(Event::Return),
            EventType::Weigh => {
                required(self.gross, "gross", &mut fields).map(|gross| Event::Weigh { gross, tare: self.tare })
            }
            EventType::Adjust => {
                required(self.reason.as_ref(), "reason", &mut fields);
                required(self.amount, "amount", &mut fields).map(Event::Adjust)
            }
            EventType::Move => required(self.location_id, "location_id", &mut fields).map(Event::Move),
            EventType::CheckOut => Some(Event::CheckOut),
            EventType::CheckIn => Some(Event::CheckIn(self.location_id)),
            EventType::Quarantine => required(self.reason.as_ref(), "reason", &mut fields).map(|_| Event::Quarantine),
            EventType::Release => Some(Event::Release),
            EventType::Lose => Some(Event::Lose),
            EventType::Find => Some(Event::Find(self.location_id)),
            EventType::Empty => Some(Event::Empty),
            EventType::Discard => Some(Event::Discard),
            EventType::Dispose => Some(Event::Dispose),
            EventType::Reverse => required(self.event_id, "event_id", &mut fields).map(Event::Reverse),
        };
        match event {
            Some(event) if fields.is_empty() => Ok(event),
            _ => Err(Error::Invalid(fields)),
        }
    }

    /// An amount that moves something: zero would book nothing and say that it did.
    fn amount(&self, fields: &mut Vec<Field>) -> Option<Quantity> {
        let amount = required(self.amount, "amount", fields)?;
        if amount.value.get().is_zero() {
            fields.push(Field::new("/amount/value", "must be more than zero"));
        }
        Some(amount)
    }

    fn superfluous(&self) -> Vec<Field> {
        use EventType as T;
        let takes: &[&str] = match self.r#type {
            T::Receive | T::Withdraw | T::Return | T::Adjust => &["amount"],
            T::Weigh => &["gross", "tare"],
            T::Move | T::CheckIn | T::Find => &["location_id"],
            T::Reverse => &["event_id"],
            _ => &[],
        };
        let given = [
            ("amount", self.amount.is_some()),
            ("gross", self.gross.is_some()),
            ("tare", self.tare.is_some()),
            ("location_id", self.location_id.is_some()),
            ("event_id", self.event_id.is_some()),
        ];
        let superfluous = given.into_iter().filter(|(name, given)| *given && !takes.contains(name));
        let detail = format!("does not belong to an event of type {}", self.r#type.as_str());
        superfluous.map(|(name, _)| Field::new(format!("/{name}"), detail.clone())).collect()
    }
}

fn required<T>(value: Option<T>, name: &str, fields: &mut Vec<Field>) -> Option<T> {
    if value.is_none() {
        fields.push(Field::new(format!("/{name}"), "is required for this type of event"));
    }
    value
}

impl Event {
    /// The amount as it was typed, for the ledger.
    pub fn typed(&self) -> Option<Quantity> {
        match self {
            Self::Receive(amount) | Self::Withdraw(amount) | Self::Return(amount) | Self::Adjust(amount) => {
                Some(*amount)
            }
            Self::Weigh { gross, .. } => Some(*gross),
            _ => None,
        }
    }

    pub fn reverses(&self) -> Option<Uuid> {
        match self {
            Self::Reverse(event) => Some(*event),
            _ => None,
        }
    }
}
