//! What an event does to a bottle: pure, so that every rule can be tested without a database.

use chemistry::{Converted, Factors, Inconvertible, Quantity, Unit, Used};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    counting::{CountedWith, Counting},
    event::Event,
    state::State,
};
use crate::base::error::{Error, Reason, Result};

/// The bottle as it is before the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Situation {
    pub state: State,
    pub amount: Decimal,
    pub unit: Unit,
    pub location_id: Option<Uuid>,
    pub opened_on: Option<NaiveDate>,
    /// It was opened before it came; without `opened_on`, on a day that nobody knows.
    pub came_opened: bool,
    pub holder_id: Option<Uuid>,
    /// Grams.
    pub tare: Option<Decimal>,
    pub counting: Counting,
}

impl Situation {
    pub fn unopened_or_opened(&self) -> State {
        if self.came_opened || self.opened_on.is_some() { State::Opened } else { State::InStock }
    }

    fn open(&mut self, day: NaiveDate) {
        if self.state == State::InStock {
            self.state = State::Opened;
        }
        let is_unknown = self.came_opened && self.opened_on.is_none();
        if !is_unknown {
            self.opened_on = Some(self.opened_on.map_or(day, |earlier| earlier.min(day)));
        }
    }
}

/// The bottle after the event, and what the ledger says of the change.
#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    pub delta: Decimal,
    pub after: Situation,
    pub counted_with: Option<CountedWith>,
}

/// What the ledger's past and the clock say to an event.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    pub by: Uuid,
    /// On which it happened, in the lab's time zone.
    pub day: NaiveDate,
    /// What a lost bottle was before.
    pub before_loss: Option<State>,
}

/// What the event makes of the bottle, or why it cannot happen. Whether it may, `rights` says.
pub fn decide(now: &Situation, event: &Event, it: Circumstances) -> Result<Booking> {
    let mut after = now.clone();
    let mut used = Used::default();
    match event {
        Event::Receive(more) | Event::Return(more) => {
            let more = moved(now, *more)?;
            (after.amount, used) = (plus(now.amount, more.value)?, more.used);
            if now.state == State::Empty {
                after.state = now.unopened_or_opened();
            }
        }
        Event::Open => after.open(it.day),
        Event::Withdraw(typed) => {
            let converted = moved(now, *typed)?;
            (after.amount, used) = (now.amount - taken(now, *typed, converted)?, converted.used);
            after.open(it.day);
        }
        Event::Weigh { gross, tare } => {
            let net = weigh(now, &mut after, *gross, *tare)?;
            (after.amount, used) = (net.value, net.used);
        }
        Event::Adjust(to) => {
            let to = in_unit_of(now, *to, "/amount/unit")?;
            (after.amount, used) = (to.value, to.used);
        }
        Event::Move(to) => after.location_id = Some(*to),
        Event::CheckOut(to) => (after.state, after.holder_id) = (State::OnLoan, Some(to.unwrap_or(it.by))),
        Event::CheckIn(to) => {
            (after.state, after.holder_id) = (now.unopened_or_opened(), None);
            after.location_id = to.or(now.location_id);
        }
        Event::Find(to) => {
            after.state = match it.before_loss {
                Some(state @ (State::Quarantined | State::WastePending)) => state,
                _ => now.unopened_or_opened(),
            };
            after.location_id = to.or(now.location_id);
        }
        Event::Quarantine => (after.state, after.holder_id) = (State::Quarantined, None),
        Event::Release => after.state = now.unopened_or_opened(),
        Event::Lose => (after.state, after.holder_id) = (State::Lost, None),
        Event::Empty => (after.state, after.amount) = (State::Empty, Decimal::ZERO),
        Event::Discard => after.state = State::WastePending,
        Event::Dispose => (after.state, after.amount) = (State::Disposed, Decimal::ZERO),
        Event::Reverse(_) => unreachable!("undo() decides on reversals"),
    }
    after.amount = after.amount.normalize();
    Ok(Booking { delta: (after.amount - now.amount).normalize(), after, counted_with: now.counting.used(used) })
}

/// An amount that is moved in or out: one that comes to nothing would book nothing and say that it did.
fn moved(now: &Situation, amount: Quantity) -> Result<Converted> {
    let converted = in_unit_of(now, amount, "/amount/unit")?;
    if converted.value.is_zero() {
        let why = format!("is less than what can be told apart in {}, the container's unit", now.unit);
        return Err(Error::field("/amount/value", why));
    }
    Ok(converted)
}

/// What is really taken. A derived amount is rounded, so one that comes near to what is left takes just that; and so
/// does what a refusal would name as left.
fn taken(now: &Situation, typed: Quantity, converted: Converted) -> Result<Decimal> {
    let taken = converted.value;
    if converted.used.is_derived() && is_near(taken, now.amount) {
        return Ok(now.amount);
    }
    let left = if taken == now.amount { None } else { left_in(now, typed.unit) };
    if left.is_some_and(|left| left.unit == typed.unit && left.value.get() == typed.value.get()) {
        return Ok(now.amount);
    }
    if taken <= now.amount {
        return Ok(taken);
    }
    let there = left.map_or_else(|| now.amount.to_string(), |left| left.to_string());
    Err(Reason::NotEnough.because(format!("there is {there} in the container")).with(|members| members.left = left))
}

/// Within 0.01 % of the first.
fn is_near(one: Decimal, other: Decimal) -> bool {
    (other - one).abs() * Decimal::from(10_000) <= one
}

/// What is in the bottle, in the unit that somebody typed where twelve decimals of it tell that amount and no other.
fn left_in(now: &Situation, unit: Unit) -> Option<Quantity> {
    let left = Quantity::new(now.amount.normalize(), now.unit).ok()?;
    let in_unit = |left: Quantity, unit| {
        let there = left.in_unit(unit, now.counting.factors()).ok()?;
        Quantity::new(there.value, unit).ok()
    };
    let tells_it =
        |there: &Quantity| in_unit(*there, now.unit).is_some_and(|back| is_near(back.value.get(), now.amount));
    Some(in_unit(left, unit).filter(tells_it).unwrap_or(left))
}

fn weigh(now: &Situation, after: &mut Situation, gross: Quantity, tare: Option<Quantity>) -> Result<Converted> {
    let grams = |mass: Quantity, field: &str| {
        if mass.unit.dimension() != Unit::Gram.dimension() {
            return Err(Error::field(format!("{field}/unit"), "must be a mass: it is what the scale shows"));
        }
        let converted = mass.in_unit(Unit::Gram, Factors::NONE);
        converted.map(|grams| grams.value).map_err(|why| Error::field(format!("{field}/value"), why.to_string()))
    };
    let gross = grams(gross, "/gross")?;
    after.tare = tare.map(|tare| grams(tare, "/tare")).transpose()?.or(now.tare);
    let Some(tare) = after.tare else {
        return Err(Error::field("/tare", "is required: no tare of this container is on record"));
    };
    if gross < tare {
        let why = format!("is less than the empty bottle, which weighs {} g", tare.normalize());
        return Err(Error::field("/gross/value", why));
    }
    let net = Quantity::new(gross - tare, Unit::Gram).map_err(|why| Error::field("/gross/value", why.to_string()))?;
    in_unit_of(now, net, "/gross/unit")
}

fn in_unit_of(now: &Situation, given: Quantity, pointer: &'static str) -> Result<Converted> {
    given.in_unit(now.unit, now.counting.factors()).map_err(|why| inconvertible(why, pointer))
}

fn inconvertible(why: Inconvertible, pointer: &'static str) -> Error {
    Reason::Inconvertible.at(pointer, why.to_string()).with(|members| members.missing = why.missing())
}

pub fn plus(a: Decimal, b: Decimal) -> Result<Decimal> {
    let sum = a.checked_add(b).map(|sum| sum.normalize());
    sum.ok_or_else(|| Error::field("/amount/value", TOO_MUCH))
}

pub const TOO_MUCH: &str = "makes more than a container can hold";
