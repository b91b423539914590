//! What the keys to a place allow.

use super::*;

const HOME: Uuid = Uuid::from_u128(7);
const ELSEWHERE: Uuid = Uuid::from_u128(9);

/// Somebody without the key to the bottle's place, which is closed or hidden.
fn without_key(keys: &Keys) -> Who<'_> {
    Who { keys, ..who(ME, Role::Manager) }
}

fn closed() -> Keys {
    Keys::without(Vec::new(), vec![HOME])
}

#[test]
fn nothing_is_booked_on_what_stands_in_a_place_that_is_closed_to_somebody() {
    let keys = closed();
    for start in lives(Some(HOME)).into_iter().filter(|life| life.bottle.state.is_at_its_place()) {
        for event in every_event(&start) {
            let refused = again(&start).post(&event, &without_key(&keys));
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{event:?} in {:?}", start.bottle.state);
        }
    }
}

#[test]
fn what_is_away_from_a_closed_place_is_used_without_its_key_and_comes_back_with_it_alone() {
    let (keys, other) = (closed(), who(OTHER, Role::Admin));
    let lent = Life::at(Some(HOME)).by(&other, &[Event::CheckOut(Some(ME))]);
    let lost = Life::at(Some(HOME)).by(&other, &[Event::Lose]);
    for (life, event, succeeds) in [
        (&lent, Event::Withdraw(grams(1)), true),
        (&lent, Event::Adjust(grams(1)), true),
        (&lent, Event::Quarantine, true),
        (&lent, Event::Lose, true),
        (&lent, Event::CheckIn(None), false),
        (&lent, Event::CheckIn(Some(HOME)), false),
        (&lent, Event::CheckIn(Some(ELSEWHERE)), true),
        (&lost, Event::Find(None), false),
        (&lost, Event::Find(Some(ELSEWHERE)), true),
        (&lost, Event::Dispose, true),
    ] {
        let posted = again(life).post(&event, &without_key(&keys));
        assert_eq!(posted.is_ok(), succeeds, "{event:?} in {:?}: {posted:?}", life.bottle.state);
        assert!(succeeds || matches!(posted, Err(Error::Forbidden(_))));
    }
}

#[test]
fn no_undo_brings_a_bottle_back_into_a_place_to_which_one_has_no_key() {
    let (keys, other) = (closed(), who(OTHER, Role::Admin));
    for (events, undone) in [
        (vec![Event::Move(ELSEWHERE)], 1),
        (vec![Event::CheckOut(None)], 1),
        (vec![Event::Lose], 1),
        (vec![Event::Discard, Event::Dispose], 2),
        (vec![Event::CheckOut(None), Event::CheckIn(Some(ELSEWHERE))], 2),
    ] {
        let mut life = Life::at(Some(HOME)).by(&other, &events);
        let undo = Event::Reverse(life.lines[undone].id);
        assert!(matches!(life.post(&undo, &without_key(&keys)), Err(Error::Forbidden(_))), "{events:?}");
        life.post(&undo, &other).unwrap_or_else(|why| panic!("{events:?}: {why}"));
    }
}

#[test]
fn the_undo_of_a_move_out_of_a_hidden_place_is_refused_as_if_that_place_were_gone() {
    let keys = Keys::without(vec![HOME], Vec::new());
    let mut life = Life::at(Some(HOME)).by(&who(OTHER, Role::Admin), &[Event::Move(ELSEWHERE)]);
    let undo = Event::Reverse(life.lines[1].id);
    let refused = life.post(&undo, &without_key(&keys)).unwrap_err().to_string();
    life.lines[1].place_is_gone = true;
    assert_eq!(life.post(&undo, &who(OTHER, Role::Admin)).unwrap_err().to_string(), refused);
}
