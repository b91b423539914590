//! The rules as a table: role × type × state × undone type, without a database.

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
    rights::{Who, allowed},
    state::{EventType, State},
    undo::undo,
};
use crate::{
    auth::Role,
    chemistry::{Quantity, Unit},
    error::{Error, Reason, Result},
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

fn who(user_id: Uuid, role: Role) -> Who {
    Who { user_id, role, now: now() }
}

/// A bottle with its ledger, changed by the product's own rules.
struct Life {
    bottle: Situation,
    lines: Vec<Past>,
}

impl Life {
    fn new() -> Self {
        let bottle = Situation {
            state: State::InStock,
            amount: Decimal::ONE_HUNDRED,
            unit: Unit::Gram,
            location_id: None,
            opened_on: None,
            came_opened: false,
            holder_id: None,
            tare: None,
            counting: Counting::default(),
        };
        let mut life = Self { bottle: bottle.clone(), lines: Vec::new() };
        let booking = Booking { delta: bottle.amount, after: bottle, counted_with: None };
        life.record(EventType::Receive, booking, OTHER, None);
        life.lines[0].state_before = None;
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
            amount_after: after.amount,
            state_before: Some(before.state),
            state_after: after.state,
            location_before: before.location_id,
            location_after: after.location_id,
            place_is_gone: false,
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
        History::new(self.lines.clone())
    }

    /// As it is posted by somebody; the id of what was booked.
    fn post(&mut self, event: &Event, who: &Who) -> Result<Uuid> {
        let kind = kind_of(event);
        who.check(kind, &self.bottle)?;
        let booking = if let Event::Reverse(id) = event {
            undo(&self.bottle, &self.history(), *id, who)?
        } else {
            let before_loss = self.history().state_before_loss();
            decide(&self.bottle, event, Circumstances { by: who.user_id, day: today(), before_loss })?
        };
        Ok(self.record(kind, booking, who.user_id, event.reverses()))
    }

    fn by(mut self, who: &Who, events: &[Event]) -> Self {
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
        Event::CheckOut => T::CheckOut,
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

/// One of each type, with an input that is as good as any.
fn every_event(life: &Life) -> Vec<Event> {
    let newest = life.history().newest_standing().map_or_else(Uuid::nil, |line| line.id);
    vec![
        Event::Receive(grams(1)),
        Event::Open,
        Event::Withdraw(grams(1)),
        Event::Return(grams(1)),
        Event::Weigh { gross: grams(60), tare: Some(grams(10)) },
        Event::Adjust(grams(7)),
        Event::Move(Uuid::from_u128(9)),
        Event::CheckOut,
        Event::CheckIn(None),
        Event::Quarantine,
        Event::Release,
        Event::Lose,
        Event::Find(None),
        Event::Empty,
        Event::Discard,
        Event::Dispose,
        Event::Reverse(newest),
    ]
}

/// A life that ends in each state, as somebody else has led it.
fn lives() -> Vec<Life> {
    let (other, made) = (who(OTHER, Role::Admin), Life::new);
    let first = |life: &Life| life.lines[0].id;
    let creation = Event::Reverse(first(&made()));
    [
        &[][..],
        &[Event::Open],
        &[Event::CheckOut],
        &[Event::Open, Event::CheckOut],
        &[Event::Quarantine],
        &[Event::CheckOut, Event::Quarantine],
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
fn what_is_offered_succeeds_and_what_is_not_fails_for_every_role_in_every_state_after_every_event() {
    for start in lives() {
        let mut histories = vec![again(&start)];
        for event in every_event(&start) {
            let mut next = again(&start);
            if next.post(&event, &who(OTHER, Role::Admin)).is_ok() {
                histories.push(next);
            }
        }
        for life in histories {
            for (user, role) in [ME, OTHER].into_iter().flat_map(|user| ROLES.map(|role| (user, role))) {
                let who = who(user, role);
                let offered = allowed(&life.bottle, &life.history(), &who);
                for event in every_event(&life) {
                    let kind = kind_of(&event).as_str();
                    let succeeds = again(&life).post(&event, &who).is_ok();
                    assert_eq!(offered.contains(&kind), succeeds, "{kind} by {role:?} in {:?}", life.bottle);
                }
                assert!(!offered.contains(&"edit"));
            }
        }
    }
}

#[test]
fn the_undo_of_the_newest_event_gives_back_every_field() {
    let admin = who(OTHER, Role::Admin);
    for start in lives() {
        for event in every_event(&start) {
            let mut life = again(&start);
            if matches!(event, Event::Reverse(_)) {
                continue;
            }
            if let Ok(id) = life.post(&event, &admin) {
                life.post(&Event::Reverse(id), &admin).unwrap_or_else(|why| panic!("{event:?}: {why}"));
                assert_eq!(life.bottle, start.bottle, "{event:?}");
                let replayed = life.history().replay(Unit::Gram);
                assert_eq!(replayed.as_ref(), Some(&life.bottle), "{event:?}");
            }
        }
    }
}

#[test]
fn a_member_ends_no_quarantine_by_any_way_round() {
    let (member, manager) = (who(ME, Role::Member), who(OTHER, Role::Manager));
    let mut life = Life::new().by(&member, &[Event::Quarantine]);
    let quarantine = life.lines[1].id;
    assert!(matches!(life.post(&Event::Release, &member), Err(Error::Forbidden(_))));
    assert!(matches!(life.post(&Event::Reverse(quarantine), &member), Err(Error::Forbidden(_))));
    let mut lost = again(&life).by(&member, &[Event::Lose, Event::Find(None)]);
    assert_eq!(lost.bottle.state, State::Quarantined);
    let mut discarded = again(&life).by(&member, &[Event::Discard]);
    let discard = discarded.lines[2].id;
    discarded.post(&Event::Reverse(discard), &member).unwrap();
    assert_eq!(discarded.bottle.state, State::Quarantined);
    assert!(matches!(lost.post(&Event::Release, &member), Err(Error::Forbidden(_))));
    life.post(&Event::Reverse(quarantine), &manager).unwrap();
    assert_eq!(life.bottle.state, State::InStock);
}

#[test]
fn what_waits_for_its_removal_stays_waste_when_it_is_found() {
    let member = who(ME, Role::Member);
    let life = Life::new().by(&member, &[Event::Discard, Event::Lose, Event::Find(None)]);
    assert_eq!(life.bottle.state, State::WastePending);
}

#[test]
fn members_undo_their_own_and_what_others_booked_in_the_last_day() {
    let later = |user_id, role, hours| Who { user_id, role, now: now() + TimeDelta::hours(hours) };
    let life = Life::new().by(&who(OTHER, Role::Member), &[Event::Withdraw(grams(1))]);
    let undo_it = |who: Who| again(&life).post(&Event::Reverse(life.lines[1].id), &who);
    undo_it(later(ME, Role::Member, 24)).unwrap();
    assert!(matches!(undo_it(later(ME, Role::Member, 25)), Err(Error::Forbidden(_))));
    undo_it(later(OTHER, Role::Member, 10_000)).unwrap();
    undo_it(later(ME, Role::Manager, 10_000)).unwrap();
}

#[test]
fn a_disposal_is_undone_by_a_manager_within_thirty_days() {
    let later = |role, days| Who { user_id: OTHER, role, now: now() + TimeDelta::days(days) };
    let life = Life::new().by(&who(OTHER, Role::Member), &[Event::Discard, Event::Dispose]);
    let undo_it = |who: Who| again(&life).post(&Event::Reverse(life.lines[2].id), &who);
    assert!(matches!(undo_it(later(Role::Member, 0)), Err(Error::Forbidden(_))));
    undo_it(later(Role::Manager, 30)).unwrap();
    let refused = undo_it(later(Role::Manager, 31)).unwrap_err();
    assert!(matches!(refused, Error::Rejected(why) if why.reason == Reason::NotReversible));
}

#[test]
fn a_later_event_that_changed_the_same_thing_stands_in_the_way_and_is_named() {
    let admin = who(OTHER, Role::Admin);
    let place = |n| Event::Move(Uuid::from_u128(n));
    let weigh = || Event::Weigh { gross: grams(60), tare: Some(grams(10)) };
    // The events, the one to undo, and the one that is named.
    for (events, undone, named) in [
        (vec![Event::CheckOut, Event::CheckIn(None), Event::CheckOut], 1, 3),
        (vec![place(7), place(8), place(7)], 1, 3),
        (vec![Event::Withdraw(grams(1)), Event::Adjust(grams(50))], 1, 2),
        (vec![Event::Withdraw(grams(1)), weigh()], 1, 2),
        (vec![Event::Return(grams(1)), Event::Empty], 1, 2),
        (vec![weigh(), Event::Weigh { gross: grams(60), tare: Some(grams(11)) }], 1, 2),
        (vec![Event::Quarantine, Event::Release, Event::Quarantine], 1, 3),
        (vec![place(7), Event::Discard, Event::Dispose], 1, 3),
        (vec![Event::Open], 0, 1),
    ] {
        let mut life = Life::new().by(&admin, &events);
        let refused = life.post(&Event::Reverse(life.lines[undone].id), &admin).unwrap_err();
        let Error::Rejected(why) = refused else { panic!("{events:?}: {refused}") };
        assert_eq!(why.reason, Reason::NotReversible, "{events:?}");
        assert_eq!(why.members.and_then(|it| it.blocked_by), Some(life.lines[named].id), "{events:?}");
    }
}

#[test]
fn an_undone_event_stands_in_the_way_of_nothing() {
    let admin = who(OTHER, Role::Admin);
    let mut life = Life::new().by(&admin, &[Event::Withdraw(grams(40)), Event::Adjust(grams(50))]);
    life.post(&Event::Reverse(life.lines[2].id), &admin).unwrap();
    life.post(&Event::Reverse(life.lines[1].id), &admin).unwrap();
    assert_eq!((life.bottle.amount, life.bottle.state), (Decimal::ONE_HUNDRED, State::InStock));
}

#[test]
fn a_bottle_is_open_while_any_use_of_it_holds() {
    let admin = who(OTHER, Role::Admin);
    let mut life = Life::new().by(&admin, &[Event::Withdraw(grams(60)), Event::Withdraw(grams(5))]);
    life.post(&Event::Reverse(life.lines[1].id), &admin).unwrap();
    assert_eq!((life.bottle.state, life.bottle.opened_on), (State::Opened, Some(today())));
    life.post(&Event::Reverse(life.lines[2].id), &admin).unwrap();
    assert_eq!((life.bottle.state, life.bottle.opened_on), (State::InStock, None));
}

#[test]
fn a_creation_is_undone_by_who_made_it_or_a_manager_while_nothing_else_stands() {
    let creation = Event::Reverse(Life::new().lines[0].id);
    assert!(matches!(Life::new().post(&creation, &who(ME, Role::Member)), Err(Error::Forbidden(_))));
    for maker in [who(OTHER, Role::Member), who(ME, Role::Manager)] {
        let life = Life::new().by(&maker, std::slice::from_ref(&creation));
        assert_eq!((life.bottle.state, life.bottle.amount), (State::Voided, Decimal::ZERO));
        assert!(allowed(&life.bottle, &life.history(), &maker).is_empty());
    }
}
