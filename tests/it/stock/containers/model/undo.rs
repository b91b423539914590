//! Who may undo what, and what comes back.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::bottle::{Bottle, Fields, KINDS, Line, Person, Refusal, State, refused};

fn sets_amount(kind: &str) -> bool {
    ["weigh", "adjust", "empty", "dispose"].contains(&kind)
}

/// Whether the later event changed something that the earlier one did, so that it has to be undone first.
fn same_thing(earlier: &Line, later: &Line) -> bool {
    // Opened is derived: an opening is undone whatever the bottle's state has become, and stands in nothing's way.
    let state = earlier.before.state != earlier.after.state;
    // A weighing that found no change has none to give back.
    (!earlier.delta().is_zero() && sets_amount(later.kind))
        || (state && later.before.state != later.after.state)
        || (earlier.before.place != earlier.after.place && later.before.place != later.after.place)
        || (earlier.before.holder != earlier.after.holder && later.before.holder != later.after.holder)
        || (earlier.before.tare != earlier.after.tare && later.before.tare != later.after.tare)
}

impl Bottle {
    /// The fields after the undo of this line by this person now.
    pub fn undo(&self, at: usize, by: &Person, now: DateTime<Utc>) -> Result<Fields, Refusal> {
        if self.now.state == State::Voided {
            return refused(409, "event-not-allowed");
        }
        let line = &self.lines[at];
        if !line.stands() || line.kind == "edit" {
            return refused(409, "not-reversible");
        }
        self.may_undo(at, by, now)?;
        // What is gone for good comes back by the undo of its disposal alone.
        if self.now.state == State::Disposed && line.kind != "dispose" {
            return refused(409, "not-reversible");
        }
        if at == 0 {
            let others: Vec<Uuid> = self.lines[1..]
                .iter()
                .filter(|line| line.stands() && line.kind != "edit")
                .map(|line| line.id)
                .collect();
            // What nobody can undo any more does not keep it from a manager, unless the amount is another since.
            let anybody = Person { manager: true, ..by.clone() };
            let lives_on = |at: usize| self.lines[at].stands() && self.undo(at, &anybody, now).is_ok();
            let counted = |line: &Line| line.stands() && !line.delta().is_zero();
            let keeps = self.now.state == State::Disposed || self.lines[1..].iter().any(counted);
            if keeps || (1..self.lines.len()).any(lives_on) {
                return Err(Refusal(409, "not-reversible", others));
            }
            if !others.is_empty() && !by.manager {
                return refused(403, "forbidden");
            }
            let nothing = Fields { state: State::Voided, amount: 0.into(), ..self.now.clone() };
            return Ok(nothing);
        }
        let later = self.lines[at + 1..].iter().filter(|later| later.stands() && same_thing(line, later));
        let blocking: Vec<Uuid> = later.map(|line| line.id).collect();
        if !blocking.is_empty() {
            return Err(Refusal(409, "not-reversible", blocking));
        }
        self.without(line)
    }

    fn may_undo(&self, at: usize, by: &Person, now: DateTime<Utc>) -> Result<(), Refusal> {
        let line = &self.lines[at];
        let fresh = now - line.recorded <= TimeDelta::hours(24) && at != 0;
        let never = ["release", "quarantine", "dispose"].contains(&line.kind);
        let own = line.by == by.id;
        // Who may not use a bottle on loan undoes nothing of it but their own mistaken loan; and who could not have
        // checked it in does not undo that. The contract leaves open whether a manager undoes what a manager could not
        // post: they do.
        let lent = self.now.holder.is_some_and(|holder| holder != by.id) && at != 0;
        let brought_back = line.kind == "check_in" && line.before.holder != Some(by.id);
        let theirs = lent && !(line.kind == "check_out" && own) || brought_back;
        if !by.manager && (never || theirs || !(own || fresh)) {
            return refused(403, "forbidden");
        }
        if line.kind == "dispose" && now - line.recorded > TimeDelta::days(30) {
            return refused(409, "not-reversible");
        }
        Ok(())
    }

    fn without(&self, line: &Line) -> Result<Fields, Refusal> {
        let mut next = self.now.clone();
        let Fields { state, place, holder, tare, .. } = line.before.clone();
        next.amount -= line.delta();
        if state != line.after.state {
            next.state = state;
        }
        if place != line.after.place {
            next.place = place;
        }
        if holder != line.after.holder {
            next.holder = holder;
        }
        if tare != line.after.tare {
            next.tare = tare;
        }
        let gone = matches!(next.state, State::Empty | State::Disposed);
        if next.amount < Decimal::ZERO {
            return refused(409, "not-enough");
        }
        if gone && !next.amount.is_zero() {
            return refused(409, "not-reversible");
        }
        Ok(next)
    }

    /// In no order: what would succeed for this person with some valid input.
    pub fn allowed_actions(&self, by: &Person, now: DateTime<Utc>) -> Vec<&'static str> {
        let possible = |kind: &&str| match *kind {
            "release" => by.manager,
            "withdraw" => !self.now.amount.is_zero(),
            _ => true,
        };
        let mut allowed: Vec<_> = KINDS.into_iter().filter(|kind| self.allows(kind, by)).filter(possible).collect();
        let newest = self.lines.iter().rposition(|line| line.stands() && line.kind != "edit");
        if newest.is_some_and(|newest| self.undo(newest, by, now).is_ok()) {
            allowed.push("reverse");
        }
        allowed
    }
}
