//! The rules as a table: role × keys × type × state × undone type, without a database.

mod keys;
mod replay;
mod rules;

use std::collections::HashSet;

use chemistry::{Factors, Quantity, Unit};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    actor::Actor,
    changes::{Rest, change},
    counting::Counting,
    event::Event,
    history::{History, Past},
    ledger::{Booking, Circumstances, Situation, decide},
    rights::allowed,
    state::{EventType, State},
    undo::undo,
    who::Who,
};
use crate::{
    auth::{ALL_KEYS, Keys, Role},
    base::error::{Error, Reason, Result},
};

const ROLES: [Role; 4] = [Role::Viewer, Role::Member, Role::Manager, Role::Admin];
const ME: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn today() -> NaiveDate {
    now().date_naive()
}

fn who(user_id: Uuid, role: Role) -> Who<'static> {
    Who { user_id, role, keys: &ALL_KEYS, now: now() }
}

/// A bottle with its ledger, changed by the product's own rules.
struct Life {
    bottle: Situation,
    lines: Vec<Past>,
}

impl Life {
    fn new() -> Self {
        Self::at(None)
    }

    fn at(place: Option<Uuid>) -> Self {
        Self::of(place, Unit::Gram, Counting::default())
    }

    fn of(place: Option<Uuid>, unit: Unit, counting: Counting) -> Self {
        let bottle = Situation {
            state: State::InStock,
            amount: Decimal::ONE_HUNDRED,
            unit,
            location_id: place,
            opened_on: None,
            came_opened: false,
            holder_id: None,
            tare: None,
            counting,
        };
        let mut life = Self { bottle: bottle.clone(), lines: Vec::new() };
        let booking = Booking { delta: bottle.amount, after: bottle, counted_with: None };
        life.record(EventType::Receive, booking, OTHER, None);
        life.lines[0].state_before = None;
        life.lines[0].location_before = None;
        life
    }

    fn record(&mut self, kind: EventType, booking: Booking, by: Uuid, reverses: Option<Uuid>) -> Uuid {
        let (before, after) = (&self.bottle, booking.after);
        let id = Uuid::from_u128(1_000 + self.lines.len() as u128);
        self.lines.push(Past {
            id,
            seq: i32::try_from(self.lines.len()).unwrap() + 1,
            r#type: kind,
            by: Actor::person(by),
            recorded_at: now(),
            day: today(),
            reverses,
            delta: booking.delta,
            state_before: Some(before.state),
            state_after: after.state,
            location_before: before.location_id,
            location_after: after.location_id,
            place_is_gone: false,
            holder_is_gone: false,
            holder_has_no_key: false,
            rest: Rest {
                opened_on: change(before.opened_on, after.opened_on),
                holder_id: change(before.holder_id, after.holder_id),
                tare: change(before.tare, after.tare),
                ..Rest::default()
            },
        });
        self.bottle = after;
        id
    }

    fn history(&self) -> History {
        History::new(self.lines.clone(), Vec::new())
    }

    /// As it is posted by somebody; the id of what was booked.
    fn post(&mut self, event: &Event, who: &Who<'_>) -> Result<Uuid> {
        let kind = kind_of(event);
        who.check(kind, &self.bottle)?;
        let booking = if let Event::Reverse(id) = event {
            undo(&self.bottle, &self.history(), *id, who)?
        } else {
            let before_loss = self.history().state_before_loss();
            decide(&self.bottle, event, Circumstances { by: who.user_id, day: today(), before_loss })?
        };
        who.check_arrival(kind, booking.after.location_id)?;
        Ok(self.record(kind, booking, who.user_id, event.reverses()))
    }

    fn by(mut self, who: &Who<'_>, events: &[Event]) -> Self {
        for event in events {
            self.post(event, who).unwrap_or_else(|why| panic!("{event:?} in {:?}: {why}", self.bottle.state));
        }
        self
    }
}

fn grams(value: i64) -> Quantity {
    Quantity::new(value.into(), Unit::Gram).unwrap()
}

fn kind_of(event: &Event) -> EventType {
    use EventType as T;
    match event {
        Event::Receive(_) => T::Receive,
        Event::Open => T::Open,
        Event::Withdraw(_) => T::Withdraw,
        Event::Return(_) => T::Return,
        Event::Weigh { .. } => T::Weigh,
        Event::Adjust(_) => T::Adjust,
        Event::Move(_) => T::Move,
        Event::CheckOut(_) => T::CheckOut,
        Event::CheckIn(_) => T::CheckIn,
        Event::Quarantine => T::Quarantine,
        Event::Release => T::Release,
        Event::Lose => T::Lose,
        Event::Find(_) => T::Find,
        Event::Empty => T::Empty,
        Event::Discard => T::Discard,
        Event::Dispose => T::Dispose,
        Event::Reverse(_) => T::Reverse,
    }
}

/// Each type, with every input that its place may make a difference to.
fn every_event(life: &Life) -> Vec<Event> {
    let newest = life.history().newest_reversible().map_or_else(Uuid::nil, |line| line.id);
    let some = |value: i64| Quantity::new(value.into(), life.bottle.unit).unwrap();
    // In picograms no bottle holds what a scale shows, so there it shows an empty one.
    let tare = grams(if life.bottle.unit == Unit::Picogram { 60 } else { 10 });
    vec![
        Event::Receive(some(1)),
        Event::Open,
        Event::Withdraw(some(1)),
        Event::Return(some(1)),
        Event::Weigh { gross: grams(60), tare: Some(tare) },
        Event::Adjust(some(7)),
        Event::Move(Uuid::from_u128(9)),
        Event::CheckOut(None),
        Event::CheckIn(None),
        Event::CheckIn(Some(Uuid::from_u128(9))),
        Event::Quarantine,
        Event::Release,
        Event::Lose,
        Event::Find(None),
        Event::Find(Some(Uuid::from_u128(9))),
        Event::Empty,
        Event::Discard,
        Event::Dispose,
        Event::Reverse(newest),
    ]
}

/// A life that ends in each state, as somebody else has led it.
fn lives(place: Option<Uuid>) -> Vec<Life> {
    lives_of(place, Unit::Gram, Counting::default())
}

fn lives_of(place: Option<Uuid>, unit: Unit, counting: Counting) -> Vec<Life> {
    let (other, made) = (who(OTHER, Role::Admin), || Life::of(place, unit, counting));
    let first = |life: &Life| life.lines[0].id;
    let creation = Event::Reverse(first(&made()));
    [
        &[][..],
        &[Event::Open],
        &[Event::CheckOut(None)],
        &[Event::Open, Event::CheckOut(None)],
        &[Event::Quarantine],
        &[Event::CheckOut(None), Event::Quarantine],
        &[Event::Lose],
        &[Event::Quarantine, Event::Lose],
        &[Event::Discard, Event::Lose],
        &[Event::Discard],
        &[Event::Quarantine, Event::Discard],
        &[Event::Empty],
        &[Event::Empty, Event::Dispose],
        &[Event::Discard, Event::Dispose],
        &[creation],
    ]
    .into_iter()
    .map(|events| made().by(&other, events))
    .collect()
}

fn again(life: &Life) -> Life {
    Life { bottle: life.bottle.clone(), lines: life.lines.clone() }
}

#[test]
fn what_is_offered_succeeds_and_what_is_not_fails_for_every_role_key_unit_and_state_after_every_event() {
    let (home, nothing) = (Uuid::from_u128(7), Vec::new);
    let no_key = [Keys::without(nothing(), vec![home]), Keys::without(vec![home], nothing())];
    let dense = Counting::own(Some("0.8".parse().unwrap()));
    let molar_mass = Some("46.07".parse().unwrap());
    let molar = Counting::new(None, Factors::NONE, Factors { density: None, molar_mass });
    let none = Counting::default();
    let kinds = [
        (Unit::Gram, none),
        (Unit::Picogram, none),
        (Unit::Millilitre, none),
        (Unit::Millilitre, dense),
        (Unit::Mole, dense),
        (Unit::Mole, molar),
        (Unit::Piece, dense),
    ];
    for (start, has_places) in kinds.into_iter().flat_map(|(unit, with)| {
        let places = [true, false].into_iter();
        places.flat_map(move |has| lives_of(Some(home), unit, with).into_iter().map(move |life| (life, has)))
    }) {
        let mut histories = vec![again(&start)];
        for event in every_event(&start) {
            let mut next = again(&start);
            if next.post(&event, &who(OTHER, Role::Admin)).is_ok() {
                histories.push(next);
            }
        }
        for life in histories {
            let people = [ME, OTHER].into_iter().flat_map(|user| ROLES.map(|role| who(user, role)));
            let keys = [&ALL_KEYS, &no_key[0], &no_key[1]];
            for who in people.flat_map(|who| keys.map(|keys| Who { keys, ..who })) {
                let offered = allowed(&life.bottle, &life.history(), &who, has_places);
                let offered: HashSet<_> = offered.into_iter().collect();
                // Without places the database has none to move to.
                let is_possible = |event: &Event| {
                    has_places || !matches!(event, Event::Move(_) | Event::CheckIn(Some(_)) | Event::Find(Some(_)))
                };
                let succeeds = |event: &Event| is_possible(event) && again(&life).post(event, &who).is_ok();
                let possible = every_event(&life).into_iter().filter(succeeds);
                let possible: HashSet<_> = possible.map(|event| kind_of(&event).as_str()).collect();
                assert_eq!(offered, possible, "{who:?} in {:?}", life.bottle);
            }
        }
    }
}
