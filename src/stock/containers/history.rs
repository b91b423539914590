//! A bottle's ledger as far as an undo needs it.

use std::{
    collections::{BTreeSet, HashSet},
    ops::Range,
};

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    actor::Actor,
    changes::Rest,
    state::{EventType, State},
};

/// All events of a ledger, by their numbers.
pub const WHOLE: Range<i32> = 0..i32::MAX;

/// What of a later event can stand in the way of an undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// It says what the amount is, whatever was booked before.
    Amount,
    State,
    Place,
    Holder,
    Tare,
    Disposal,
    /// It is more than an edit.
    Use,
    /// It changed how much there is: something was used, added or counted.
    Content,
    /// Somebody can undo it. What comes later decides, so no event has it by itself.
    Reversible,
}

impl Obstacle {
    const ALL: [Self; 9] = [
        Self::Amount,
        Self::State,
        Self::Place,
        Self::Holder,
        Self::Tare,
        Self::Disposal,
        Self::Use,
        Self::Content,
        Self::Reversible,
    ];
}

/// An event that was booked.
#[derive(Debug, Clone)]
pub struct Past {
    pub id: Uuid,
    pub seq: i32,
    pub r#type: EventType,
    pub by: Actor,
    pub recorded_at: DateTime<Utc>,
    /// On which it happened, in the time zone that the lab had then.
    pub day: NaiveDate,
    pub reverses: Option<Uuid>,
    pub delta: Decimal,
    pub state_before: Option<State>,
    pub state_after: State,
    pub location_before: Option<Uuid>,
    pub location_after: Option<Uuid>,
    /// The place where a move or a disposal found the bottle is closed.
    pub place_is_gone: bool,
    /// Who had it before can act on no loan any more: they left the lab, are viewers by now, or their account is
    /// disabled.
    pub holder_is_gone: bool,
    /// Who had it before does not see the place any more where an undo leaves it: they could not bring it back.
    pub holder_has_no_key: bool,
    pub rest: Rest,
}

impl Past {
    pub fn is_creation(&self) -> bool {
        self.state_before.is_none()
    }

    pub fn changes_state(&self) -> bool {
        self.state_before != Some(self.state_after)
    }

    /// Whether a bottle is open is worked out anew from all events, so an opening stands in the way of nothing, and
    /// nothing in its way.
    pub fn changes_more_than_open(&self) -> bool {
        let is_opening =
            self.r#type.opens() && self.state_before == Some(State::InStock) && self.state_after == State::Opened;
        self.changes_state() && !is_opening
    }

    pub fn changes_place(&self) -> bool {
        self.location_before != self.location_after
    }

    pub fn has(&self, obstacle: Obstacle) -> bool {
        match obstacle {
            Obstacle::Amount => self.r#type.sets_amount(),
            Obstacle::State => self.changes_more_than_open(),
            Obstacle::Place => self.changes_place(),
            Obstacle::Holder => self.rest.holder_id.is_some(),
            Obstacle::Tare => self.rest.tare.is_some(),
            Obstacle::Disposal => self.r#type == EventType::Dispose,
            Obstacle::Use => self.r#type != EventType::Edit,
            Obstacle::Content => !self.delta.is_zero(),
            Obstacle::Reversible => false,
        }
    }
}

/// The events of one bottle, the first one first: all of them, the newest, or those of a page. Whether an event still
/// holds, and what stands in the way of its undo, follows from it and those after it.
#[derive(Debug, Default)]
pub struct History {
    lines: Vec<Past>,
    undone: HashSet<Uuid>,
    /// What stands in the way of those events that are here, of those after them that are not.
    later: BTreeSet<Obstacle>,
}

impl History {
    /// `undone` are those that an event undoes which is not among them.
    pub fn new(lines: Vec<Past>, undone: Vec<Uuid>) -> Self {
        let undone = lines.iter().filter_map(|line| line.reverses).chain(undone).collect();
        Self { lines, undone, later: BTreeSet::new() }
    }

    pub fn before(self, later: BTreeSet<Obstacle>) -> Self {
        Self { later, ..self }
    }

    pub fn later(&self) -> &BTreeSet<Obstacle> {
        &self.later
    }

    /// What stands in the way of the events before this one.
    pub fn obstacles_from(&self, seq: i32) -> BTreeSet<Obstacle> {
        let here = |obstacle: &Obstacle| self.standing().any(|line| line.seq >= seq && line.has(*obstacle));
        Obstacle::ALL.into_iter().filter(|it| self.later.contains(it) || here(it)).collect()
    }

    pub fn is_whole(&self) -> bool {
        self.lines.first().is_none_or(Past::is_creation)
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
    /// stays as it was written: the days of old lines are worked out in the lab's time zone of now.
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
}
