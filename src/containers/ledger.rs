//! What an event does to a bottle: pure, so that every rule can be tested without a database.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    event::Event,
    state::{EventType, State},
};
use crate::{
    chemistry::{Density, Quantity, Unit},
    error::{Error, Reason, Result},
};

/// The bottle as it is before the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Situation {
    pub state: State,
    pub amount: Decimal,
    pub unit: Unit,
    pub location_id: Option<Uuid>,
    pub opened_on: Option<NaiveDate>,
    pub holder_id: Option<Uuid>,
    /// Grams.
    pub tare: Option<Decimal>,
    /// Of the bottle's content, else of the chemical.
    pub density: Option<Density>,
}

/// The bottle after the event, and what the ledger says of the change.
#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    pub delta: Decimal,
    pub after: Situation,
}

/// An event that is to be undone.
#[derive(Debug, Clone)]
pub struct Past {
    pub r#type: EventType,
    pub delta: Decimal,
    pub state_before: Option<State>,
    pub state_after: State,
    pub location_before: Option<Uuid>,
    pub location_after: Option<Uuid>,
    pub is_reversed: bool,
}

/// What the event makes of the bottle, or why it cannot happen.
pub fn decide(now: &Situation, event: &Event, by: Uuid, today: NaiveDate) -> Result<Booking> {
    let mut after = now.clone();
    match event {
        Event::Receive(more) => {
            after.amount = plus(now.amount, in_unit_of(now, *more, "/amount/unit")?)?;
            if now.state == State::Empty {
                after.state = unopened_or_opened(now);
            }
        }
        Event::Open => open(&mut after, today),
        Event::Withdraw(taken) => {
            must_not_be_lent_to_another(now, by)?;
            let taken = in_unit_of(now, *taken, "/amount/unit")?;
            if taken > now.amount {
                let (there, unit) = (now.amount.normalize(), now.unit);
                return Err(Reason::NotEnough.because(format!("there is {there} {unit} in the container")));
            }
            after.amount = now.amount - taken;
            open(&mut after, today);
        }
        Event::Return(back) => {
            must_not_be_lent_to_another(now, by)?;
            after.amount = plus(now.amount, in_unit_of(now, *back, "/amount/unit")?)?;
        }
        Event::Weigh { gross, tare } => weigh(now, &mut after, *gross, *tare)?,
        Event::Adjust(to) => after.amount = in_unit_of(now, *to, "/amount/unit")?,
        Event::Move(to) => after.location_id = Some(*to),
        Event::CheckOut => (after.state, after.holder_id) = (State::OnLoan, Some(by)),
        Event::CheckIn(to) | Event::Find(to) => {
            after.state = unopened_or_opened(now);
            after.holder_id = None;
            after.location_id = to.or(now.location_id);
        }
        Event::Quarantine => (after.state, after.holder_id) = (State::Quarantined, None),
        Event::Release => after.state = unopened_or_opened(now),
        Event::Lose => (after.state, after.holder_id) = (State::Lost, None),
        Event::Empty => (after.state, after.amount) = (State::Empty, Decimal::ZERO),
        Event::Discard => after.state = State::WastePending,
        Event::Dispose => (after.state, after.amount) = (State::Disposed, Decimal::ZERO),
        Event::Reverse(_) => unreachable!("undo() decides on reversals"),
    }
    Ok(Booking { delta: after.amount - now.amount, after })
}

/// Undoes an event by a booking of the opposite. What changed state or place must still be in force.
pub fn undo(now: &Situation, past: &Past) -> Result<Booking> {
    let refuse = |why: &str| Err(Reason::NotReversible.because(why));
    if past.is_reversed {
        return refuse("the event has been reversed already");
    }
    let Some(state_before) = past.state_before else {
        return refuse("it is the event by which the container came to be; dispose of the container instead");
    };
    if matches!(past.r#type, EventType::Reverse | EventType::CheckIn) {
        return refuse("post the event itself again instead");
    }
    let mut after = now.clone();
    if past.state_after != state_before {
        if now.state != past.state_after {
            return refuse("the container's state has changed since; reverse the later event first");
        }
        after.state = state_before;
        if state_before == State::InStock {
            after.opened_on = None;
        }
        after.holder_id = None;
    }
    if past.location_after != past.location_before {
        if now.location_id != past.location_after {
            return refuse("the container has been moved since; reverse the later move first");
        }
        after.location_id = past.location_before;
    }
    after.amount = plus(now.amount, -past.delta)?;
    if after.amount < Decimal::ZERO {
        return Err(Reason::NotEnough.because("what the event brought in has been taken out since"));
    }
    Ok(Booking { delta: -past.delta, after })
}

fn open(after: &mut Situation, today: NaiveDate) {
    if after.state == State::InStock {
        after.state = State::Opened;
    }
    after.opened_on = after.opened_on.or(Some(today));
}

fn unopened_or_opened(now: &Situation) -> State {
    if now.opened_on.is_some() { State::Opened } else { State::InStock }
}

fn must_not_be_lent_to_another(now: &Situation, by: Uuid) -> Result<()> {
    if now.state == State::OnLoan && now.holder_id != Some(by) {
        return Err(Reason::EventNotAllowed.because("the container is on loan to somebody else"));
    }
    Ok(())
}

fn weigh(now: &Situation, after: &mut Situation, gross: Quantity, tare: Option<Quantity>) -> Result<()> {
    let grams = |mass: Quantity, pointer: &str| {
        mass.in_unit(Unit::Gram, None).map_err(|_| Error::field(pointer, "must be a mass: it is what the scale shows"))
    };
    let gross = grams(gross, "/gross/unit")?;
    after.tare = tare.map(|tare| grams(tare, "/tare/unit")).transpose()?.or(now.tare);
    let Some(tare) = after.tare else {
        return Err(Error::field("/tare", "is required: no tare of this container is on record"));
    };
    if gross < tare {
        return Err(Error::field(
            "/gross/value",
            format!("is less than the empty bottle, which weighs {} g", tare.normalize()),
        ));
    }
    let net = Quantity::new(gross - tare, Unit::Gram).map_err(|why| Error::field("/gross/value", why.to_string()))?;
    after.amount = in_unit_of(now, net, "/gross/unit")?;
    Ok(())
}

fn in_unit_of(now: &Situation, given: Quantity, pointer: &'static str) -> Result<Decimal> {
    given.in_unit(now.unit, now.density).map_err(|why| Reason::Inconvertible.at(pointer, why.to_string()))
}

fn plus(a: Decimal, b: Decimal) -> Result<Decimal> {
    a.checked_add(b).ok_or_else(|| Error::field("/amount/value", "makes more than a container can hold"))
}
