//! Undoing an event: a new event gives back what it changed, unless a later event that is still in force depends on it.

use chemistry::Quantity;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    history::{History, Obstacle, Past},
    ledger::{Booking, Situation, plus},
    state::{EventType, State},
    who::Who,
};
use crate::{
    auth::{ALL_KEYS, Role},
    base::error::{Error, Reason, Result},
};

/// What was carried away cannot be fetched back for ever.
const DISPOSAL: TimeDelta = TimeDelta::days(30);

pub fn undo(now: &Situation, history: &History, id: Uuid, who: &Who<'_>) -> Result<Booking> {
    let line = history.find(id).ok_or_else(|| Error::field("/event_id", "is not an event of this container"))?;
    match line.r#type {
        EventType::Reverse => {
            return Err(Reason::NotReversible.because("an undo cannot be undone; post the event itself again"));
        }
        EventType::Edit => {
            return Err(Reason::NotReversible.because("change the field back with a PATCH of the container"));
        }
        _ => {}
    }
    if history.is_undone(line) {
        return Err(Reason::NotReversible.because("the event has been reversed already"));
    }
    who.check_undo(line, now)?;
    if line.is_creation() { undo_creation(now, history, line, who) } else { undo_event(now, history, line, who) }
}

pub fn is_undoable(now: &Situation, history: &History, line: &Past, who: &Who<'_>) -> bool {
    who.check(EventType::Reverse, now).is_ok()
        && !is_later_in_the_way(now, history, line, who)
        && undo(now, history, line.id, who).is_ok()
}

/// The bottle should never have been: it ends without content, and its code is free again. An edit, which nobody can
/// undo, does not keep it. Nor does from a manager what nobody can undo any more and what changed no amount, such as a
/// move from a place that is gone. What was used stays in the books, and what is gone for good stays so.
fn undo_creation(now: &Situation, history: &History, line: &Past, who: &Who<'_>) -> Result<Booking> {
    if let Some(newest) = blocker(now, history, line) {
        let reversible = newest_that_can_be_undone(now, history, who);
        if reversible.is_some() || now.state == State::Disposed {
            refuse_if(reversible.or(Some(newest)))?;
        }
        if let Some(used) = history.newest_after(line, |later| later.has(Obstacle::Content)) {
            let why = "what was used or counted since cannot be undone any more, and stays in the books";
            return Err(Reason::NotReversible.because(why).with(|members| members.blocked_by = Some(used.id)));
        }
        if who.role < Role::Manager {
            return Err(Error::Forbidden("what was booked since cannot be undone; a manager can undo the creation"));
        }
    }
    let after = Situation { state: State::Voided, amount: Decimal::ZERO, holder_id: None, ..now.clone() };
    Ok(Booking { delta: -now.amount, after, counted_with: None })
}

/// By anybody, such as an admin, who has all keys.
pub fn newest_that_can_be_undone<'h>(now: &Situation, history: &'h History, who: &Who<'_>) -> Option<&'h Past> {
    let anybody = Who { role: Role::Admin, keys: &ALL_KEYS, ..*who };
    history.standing().rev().find(|line| !line.is_creation() && is_undoable(now, history, line, &anybody))
}

fn undo_event(now: &Situation, history: &History, line: &Past, who: &Who<'_>) -> Result<Booking> {
    if line.r#type == EventType::Dispose && who.now - line.recorded_at > DISPOSAL {
        return Err(Reason::NotReversible.because("a disposal can be undone for 30 days"));
    }
    refuse_if(blocker(now, history, line))?;
    // A place that the person may not see is for them as good as gone.
    if line.changes_place() && (line.place_is_gone || !who.keys.sees(line.location_before)) {
        return Err(place_is_gone());
    }
    let mut after = now.clone();
    after.amount = plus(now.amount, -line.delta)?;
    if line.changes_place() {
        after.location_id = line.location_before;
    } else if line.place_is_gone {
        // What is disposed of does not keep its place open.
        after.location_id = None;
    }
    if let Some([before, _]) = line.rest.holder_id {
        if line.holder_is_gone {
            let why = "who had it is no active member of the lab any more; check it out to somebody else instead";
            return Err(Reason::NotReversible.because(why));
        }
        if line.holder_has_no_key {
            let why = "who had it has no key to its hidden place any more; check it out to somebody else instead";
            return Err(Reason::NotReversible.because(why));
        }
        after.holder_id = before;
    }
    if let Some([before, _]) = line.rest.tare {
        after.tare = before;
    }
    if line.r#type.opens() {
        after.opened_on = history.opened_on_without(line, now.opened_on);
    }
    after.state = state_after(&after, line);
    check(&after, history, line)?;
    let comes_back = !now.state.is_at_its_place() && after.state.is_at_its_place();
    if (line.changes_place() || comes_back) && !who.keys.opens(after.location_id) {
        return Err(Error::Forbidden("the undo brings it into a place that is closed to you; ask who has its key"));
    }
    Ok(Booking { delta: (after.amount - now.amount).normalize(), after, counted_with: None })
}

pub fn place_is_gone() -> Error {
    Reason::NotReversible.because("the place that it came from is gone; move the container instead")
}

/// The newest event that changed the same thing since and still holds.
fn blocker<'h>(now: &Situation, history: &'h History, line: &Past) -> Option<&'h Past> {
    history.newest_after(line, |later| is_in_the_way(now, line, |obstacle| later.has(obstacle)))
}

/// Whether what comes later, and still holds, changed the same thing.
fn is_in_the_way(now: &Situation, line: &Past, has: impl Fn(Obstacle) -> bool) -> bool {
    if line.is_creation() {
        return has(Obstacle::Use);
    }
    (now.state == State::Disposed && has(Obstacle::Disposal))
        || (!line.delta.is_zero() && has(Obstacle::Amount))
        || (line.changes_more_than_open() && has(Obstacle::State))
        || (line.changes_place() && has(Obstacle::Place))
        || (line.rest.holder_id.is_some() && has(Obstacle::Holder))
        || (line.rest.tare.is_some() && has(Obstacle::Tare))
}

/// The same of what comes after the history.
fn is_later_in_the_way(now: &Situation, history: &History, line: &Past, who: &Who<'_>) -> bool {
    let has = |obstacle| history.later().contains(&obstacle);
    match line.is_creation() {
        true if who.role < Role::Manager || now.state == State::Disposed => has(Obstacle::Use),
        true => has(Obstacle::Reversible) || has(Obstacle::Content),
        false => is_in_the_way(now, line, has),
    }
}

fn state_after(after: &Situation, line: &Past) -> State {
    let before = if line.changes_state() { line.state_before.unwrap_or(after.state) } else { after.state };
    // What opened it may have been undone while it was away, and an opening leaves every other state as it is.
    match (before, after.state) {
        (State::InStock | State::Opened, _) if !line.r#type.opens() => after.unopened_or_opened(),
        (_, State::InStock | State::Opened) if line.r#type.opens() => after.unopened_or_opened(),
        (_, state) if line.r#type.opens() => state,
        (before, _) => before,
    }
}

fn check(after: &Situation, history: &History, line: &Past) -> Result<()> {
    if after.amount < Decimal::ZERO {
        let left = Quantity::new(after.amount + line.delta, after.unit).ok();
        return Err(Reason::NotEnough
            .because("what the event brought in has been taken out since")
            .with(|members| members.left = left));
    }
    if matches!(after.state, State::Empty | State::Disposed) && !after.amount.is_zero() {
        refuse_if(history.newest_after(line, |later| !later.delta.is_zero()))?;
        return Err(Reason::NotReversible.because("the container would be gone with something in it"));
    }
    if (after.state == State::OnLoan) != after.holder_id.is_some() {
        return Err(Reason::NotReversible.because("nobody knows any more who had the container"));
    }
    Ok(())
}

fn refuse_if(blocker: Option<&Past>) -> Result<()> {
    let Some(blocker) = blocker else { return Ok(()) };
    let why = match blocker.r#type {
        // No edit is undone.
        EventType::Edit => "it has been edited since; correct it with a PATCH of the container".to_owned(),
        EventType::Dispose => "the container has been disposed of since".to_owned(),
        other => format!("a later event of type {} stands on it; reverse that one first", other.as_str()),
    };
    Err(Reason::NotReversible.because(why).with(|members| members.blocked_by = Some(blocker.id)))
}
