//! The ledger says everything: what it says makes the bottle, and an undo gives it back.

use super::*;

/// The bottle that these events make, field by field.
fn replay(lines: &[Past], unit: Unit) -> Situation {
    let (first, last) = (lines.first().unwrap(), lines.last().unwrap());
    let mut situation = Situation {
        state: last.state_after,
        amount: lines.iter().map(|line| line.delta).sum::<Decimal>().normalize(),
        unit,
        location_id: last.location_after,
        opened_on: None,
        came_opened: first.state_after == State::Opened,
        holder_id: None,
        tare: None,
        counting: Counting::default(),
    };
    for rest in lines.iter().map(|line| &line.rest) {
        if let Some([_, after]) = rest.opened_on {
            situation.opened_on = after;
        }
        if let Some([_, after]) = rest.holder_id {
            situation.holder_id = after;
        }
        if let Some([_, after]) = rest.tare {
            situation.tare = after;
        }
    }
    situation
}

#[test]
fn the_undo_of_the_newest_event_gives_back_every_field() {
    let admin = who(OTHER, Role::Admin);
    for start in lives(None) {
        for event in every_event(&start) {
            let mut life = again(&start);
            if matches!(event, Event::Reverse(_)) {
                continue;
            }
            if let Ok(id) = life.post(&event, &admin) {
                life.post(&Event::Reverse(id), &admin).unwrap_or_else(|why| panic!("{event:?}: {why}"));
                assert_eq!(life.bottle, start.bottle, "{event:?}");
                assert_eq!(replay(&life.lines, Unit::Gram), life.bottle, "{event:?}");
            }
        }
    }
}
