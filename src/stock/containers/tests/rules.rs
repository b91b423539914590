//! Single rules of the ledger, each with the life that shows it.

use super::{super::rights::check_registering, *};
use crate::auth::Registration;

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
    let later = |user_id, role, hours| Who { user_id, role, keys: &ALL_KEYS, now: now() + TimeDelta::hours(hours) };
    let life = Life::new().by(&who(OTHER, Role::Member), &[Event::Withdraw(grams(1))]);
    let undo_it = |who: Who<'_>| again(&life).post(&Event::Reverse(life.lines[1].id), &who);
    undo_it(later(ME, Role::Member, 24)).unwrap();
    assert!(matches!(undo_it(later(ME, Role::Member, 25)), Err(Error::Forbidden(_))));
    undo_it(later(OTHER, Role::Member, 10_000)).unwrap();
    undo_it(later(ME, Role::Manager, 10_000)).unwrap();
}

#[test]
fn a_disposal_is_undone_by_a_manager_within_thirty_days() {
    let later = |role, days| Who { user_id: OTHER, role, keys: &ALL_KEYS, now: now() + TimeDelta::days(days) };
    let life = Life::new().by(&who(OTHER, Role::Member), &[Event::Discard, Event::Dispose]);
    let undo_it = |who: Who<'_>| again(&life).post(&Event::Reverse(life.lines[2].id), &who);
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
        (vec![Event::CheckOut(None), Event::CheckIn(None), Event::CheckOut(None)], 1, 3),
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
fn what_a_large_unit_does_not_tell_is_neither_taken_with_the_rest_nor_named_in_it() {
    let member = who(ME, Role::Member);
    let mut life = Life::of(None, Unit::Femtomole, Counting::default());
    life.bottle.amount = 1_400.into();
    let moles = |value: &str| Event::Withdraw(Quantity { value: value.parse().unwrap(), unit: Unit::Mole });
    // 1400 fmol are 0.0000000000014 mol, of which twelve decimals show one 1.
    let refused = again(&life).post(&moles("0.000000000002"), &member).unwrap_err();
    let Error::Rejected(why) = refused else { panic!("{refused}") };
    assert_eq!(why.reason, Reason::NotEnough);
    assert_eq!(why.members.and_then(|it| it.left).map(|left| left.to_string()).as_deref(), Some("1400 fmol"));
    life.post(&moles("0.000000000001"), &member).unwrap();
    assert_eq!(life.bottle.amount, 400.into());
}

#[test]
fn a_creation_is_undone_by_who_made_it_or_a_manager_while_nothing_else_stands() {
    let creation = Event::Reverse(Life::new().lines[0].id);
    assert!(matches!(Life::new().post(&creation, &who(ME, Role::Member)), Err(Error::Forbidden(_))));
    for maker in [who(OTHER, Role::Member), who(ME, Role::Manager)] {
        let life = Life::new().by(&maker, std::slice::from_ref(&creation));
        assert_eq!((life.bottle.state, life.bottle.amount), (State::Voided, Decimal::ZERO));
        assert!(allowed(&life.bottle, &life.history(), &maker, true).is_empty());
    }
}

#[test]
fn the_policy_says_from_which_role_on_people_register() {
    let may = |policy| ROLES.map(|role| check_registering(role, policy).is_ok());
    assert_eq!(may(Registration::Member), [false, true, true, true]);
    assert_eq!(may(Registration::Manager), [false, false, true, true]);
}
