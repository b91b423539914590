//! The events of the ledger as a phone posts them, online or from its queue: one vocabulary.

use chemistry::Quantity;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::state::EventType;
use crate::base::{
    dates,
    error::{Error, Field, Result},
    ids::OwnId,
    text::Note,
};

/// A stock event. `type` says what happened; which of the other fields it takes:
///
/// | type | needs | takes |
/// |---|---|---|
/// | `receive`: more comes in; an empty bottle is in use again, as it was before it was empty | `amount` | |
/// | `open`: for the first time; sets `opened_on` | | |
/// | `withdraw`: takes out, and opens the bottle | `amount` | |
/// | `return`: puts back what was not used | `amount` | |
/// | `weigh`: the scale's reading, bottle and lid included; less the tare it is the amount | `gross` | `tare`, needed if none is on record |
/// | `adjust`: the amount is found to be another | `amount`, `reason` | |
/// | `move` | `location_id` | |
/// | `check_out`: you, or another active member (no viewer), take it along | | `holder_id` |
/// | `check_in`: it is back | | `location_id`, if elsewhere |
/// | `quarantine`: nobody may use it until a manager releases it | `reason` | |
/// | `release`: ends a quarantine; a manager's | | |
/// | `lose` | | |
/// | `find`: a lost bottle is again what it was before | | `location_id`, if elsewhere |
/// | `empty`: used up; the rest is booked out | | |
/// | `discard`: to waste, with what is in it | | |
/// | `dispose`: gone for good; the rest is booked out | | |
/// | `reverse`: undoes another event of this container | `event_id` | |
///
/// Every type takes `id`, `occurred_at` and `reason`. A field that does not belong to the type is refused.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "withdraw", "amount": {"value": "12.5", "unit": "mL"}}))]
pub struct NewEvent {
    /// `edit` is booked by a PATCH of the container and cannot be posted.
    pub r#type: EventType,
    /// Your own UUIDv7. The same event again under its id is answered with what was booked; another one is refused.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<OwnId>,
    /// When it happened; left out, now. It decides the day of `opened_on`, in the lab's time zone. At most two minutes
    /// ahead of the server's clock, and not before the container's first event.
    #[serde(default, deserialize_with = "dates::optional")]
    pub occurred_at: Option<DateTime<Utc>>,
    pub reason: Option<Note>,
    /// In any unit of the container's dimension; in mass, volume or amount of substance where the density and the molar
    /// mass that this takes are known.
    pub amount: Option<Quantity>,
    /// What the scale shows.
    pub gross: Option<Quantity>,
    /// The empty bottle with its lid.
    pub tare: Option<Quantity>,
    pub location_id: Option<Uuid>,
    /// The event to undo.
    pub event_id: Option<Uuid>,
    /// Who takes it along; left out, you do.
    pub holder_id: Option<Uuid>,
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
    CheckOut(Option<Uuid>),
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

impl NewEvent {
    pub fn classify(&self) -> Result<Event> {
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
            EventType::CheckOut => Some(Event::CheckOut(self.holder_id)),
            EventType::CheckIn => Some(Event::CheckIn(self.location_id)),
            EventType::Quarantine => required(self.reason.as_ref(), "reason", &mut fields).map(|_| Event::Quarantine),
            EventType::Release => Some(Event::Release),
            EventType::Lose => Some(Event::Lose),
            EventType::Find => Some(Event::Find(self.location_id)),
            EventType::Empty => Some(Event::Empty),
            EventType::Discard => Some(Event::Discard),
            EventType::Dispose => Some(Event::Dispose),
            EventType::Reverse => required(self.event_id, "event_id", &mut fields).map(Event::Reverse),
            EventType::Edit => {
                fields.push(Field::new("/type", "is booked by a PATCH of the container, and cannot be posted"));
                None
            }
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
            T::CheckOut => &["holder_id"],
            T::Reverse => &["event_id"],
            _ => &[],
        };
        let given = [
            ("amount", self.amount.is_some()),
            ("gross", self.gross.is_some()),
            ("tare", self.tare.is_some()),
            ("location_id", self.location_id.is_some()),
            ("event_id", self.event_id.is_some()),
            ("holder_id", self.holder_id.is_some()),
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

    /// Where it brings the bottle.
    pub fn place(&self) -> Option<Uuid> {
        match self {
            Self::Move(to) => Some(*to),
            Self::CheckIn(to) | Self::Find(to) => *to,
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
