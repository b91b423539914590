//! A bottle's ledger as far as an undo needs it.

use std::collections::HashSet;

use chemistry::Unit;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    actor::Actor,
    changes::Rest,
    counting::Counting,
    ledger::Situation,
    state::{EventType, State},
};

/// An event that was booked.
#[derive(Debug, Clone)]
pub struct Past {
    pub id: Uuid,
    pub seq: i32,
    pub r#type: EventType,
    pub by: Actor,
    pub recorded_at: DateTime<Utc>,
    /// On which it happened, in the lab's time zone.
    pub day: NaiveDate,
    pub reverses: Option<Uuid>,
    pub delta: Decimal,
    pub amount_after: Decimal,
    pub state_before: Option<State>,
    pub state_after: State,
    pub location_before: Option<Uuid>,
    pub location_after: Option<Uuid>,
    /// The place where a move or a disposal found the bottle is closed.
    pub place_is_gone: bool,
    /// Who had it before can act on no loan any more: they left the lab, are viewers by now, or their account is disabled.
    pub holder_is_gone: bool,
    pub rest: Rest,
}

impl Past {
    pub fn is_creation(&self) -> bool {
        self.state_before.is_none()
    }

    pub fn changes_state(&self) -> bool {
        self.state_before != Some(self.state_after)
    }

    /// Whether a bottle is open is worked out anew from all events, so an opening stands in the way of nothing, and nothing
    /// in its way.
    pub fn changes_more_than_open(&self) -> bool {
        let is_opening =
            self.r#type.opens() && self.state_before == Some(State::InStock) && self.state_after == State::Opened;
        self.changes_state() && !is_opening
    }

    pub fn changes_place(&self) -> bool {
        self.location_before != self.location_after
    }
}

/// The events of one bottle, the first one first: all of them, or the newest. Whether an event still holds, and what stands
/// in the way of its undo, follows from it and those after it.
#[derive(Debug, Default)]
pub struct History {
    lines: Vec<Past>,
    undone: HashSet<Uuid>,
}

impl History {
    pub fn new(lines: Vec<Past>) -> Self {
        let undone = lines.iter().filter_map(|line| line.reverses).collect();
        Self { lines, undone }
    }

    pub fn is_whole(&self) -> bool {
        self.lines.first().is_none_or(Past::is_creation)
    }

    /// Whether it says who has the bottle, or that nobody does.
    pub fn knows_holder(&self) -> bool {
        let is_lent = self.lines.last().is_some_and(|last| last.state_after == State::OnLoan);
        !is_lent || self.lines.iter().any(|line| line.rest.holder_id.is_some())
    }

    pub fn find(&self, id: Uuid) -> Option<&Past> {
        self.lines.iter().find(|line| line.id == id)
    }

    pub fn is_undone(&self, line: &Past) -> bool {
        self.undone.contains(&line.id)
    }

    /// What still holds, the first one first: neither undone nor itself an undo.
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = &Past> {
        self.lines.iter().filter(|line| line.r#type != EventType::Reverse && !self.is_undone(line))
    }

    /// Edits are of the ledger, but changed back by a PATCH.
    pub fn newest_reversible(&self) -> Option<&Past> {
        self.standing().rfind(|line| line.r#type != EventType::Edit)
    }

    /// The newest event after this one that still holds and is such a one.
    pub fn newest_after(&self, line: &Past, is_such: impl Fn(&Past) -> bool) -> Option<&Past> {
        self.standing().rev().take_while(|later| later.seq > line.seq).find(|later| is_such(later))
    }

    /// What a lost bottle was before.
    pub fn state_before_loss(&self) -> Option<State> {
        self.standing().rev().find(|line| line.r#type == EventType::Lose)?.state_before
    }

    /// The earliest day of what opened the bottle, once `undone` no longer counts. Where another event decided, the day
    /// stays as it was written: the lab may have had another time zone then.
    pub fn opened_on_without(&self, undone: &Past, present: Option<NaiveDate>) -> Option<NaiveDate> {
        let without = self.earliest_opening(|line| line.id != undone.id);
        if without == self.earliest_opening(|_| true) { present } else { without }
    }

    fn earliest_opening(&self, counts: impl Fn(&Past) -> bool) -> Option<NaiveDate> {
        let first = self.lines.first()?;
        let came_on = first.rest.opened_on.and_then(|[_, day]| day);
        // Some day before the first that is known.
        if self.came_opened() && came_on.is_none() {
            return None;
        }
        let opened = self.standing().filter(|line| line.r#type.opens() && counts(line)).map(|line| line.day);
        opened.chain(came_on).min()
    }

    pub fn came_opened(&self) -> bool {
        self.lines.first().is_some_and(|first| first.state_after == State::Opened)
    }

    /// The bottle that these events make, field by field. If they are not all, what they do not change is missing.
    pub fn replay(&self, unit: Unit) -> Option<Situation> {
        let (first, last) = (self.lines.first()?, self.lines.last()?);
        let mut situation = Situation {
            state: last.state_after,
            amount: last.amount_after,
            unit,
            location_id: last.location_after,
            opened_on: None,
            came_opened: first.state_after == State::Opened,
            holder_id: None,
            tare: None,
            counting: Counting::default(),
        };
        for rest in self.lines.iter().map(|line| &line.rest) {
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
        Some(situation)
    }
}
