//! Who may do what: rights follow what happens to the bottle, not only the type that is posted.

use chemistry::Quantity;
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Container,
    history::{History, Past},
    ledger::Situation,
    state::{EventType, State},
    undo,
    who::Who,
};
use crate::{
    auth::{Registration, Role},
    base::error::{Error, Reason, Result},
};

/// A member undoes what others booked as long as they may still remember it.
const OTHERS_EVENTS: TimeDelta = TimeDelta::hours(24);

impl Who<'_> {
    /// Whether this person may post an event of this type on this bottle.
    pub fn check(&self, event: EventType, on: &Situation) -> Result<()> {
        self.needs(event.needs())?;
        self.check_place(on.state, on.location_id)?;
        if !event.starts_from().contains(&on.state) {
            let (state, event) = (on.state.as_str(), event.as_str());
            return Err(Reason::EventNotAllowed.because(format!("a container that is {state} does not allow {event}")));
        }
        if on.state == State::OnLoan && !self.may_handle_loan(event, on) {
            return Err(Reason::EventNotAllowed.because("the container is on loan to somebody else"));
        }
        Ok(())
    }

    /// What stands in a place that is closed to somebody, they leave as it is. What is on loan or lost is not there.
    pub fn check_place(&self, state: State, place: Option<Uuid>) -> Result<()> {
        if state.is_at_its_place() && !self.keys.opens(place) {
            return Err(Error::Forbidden("the container is in a place that is closed to you; ask who has its key"));
        }
        Ok(())
    }

    /// Whether this person may put the bottle where the event leaves it. A quarantine ends a loan wherever the bottle
    /// is, and moves nothing.
    pub fn check_arrival(&self, event: EventType, at: Option<Uuid>) -> Result<()> {
        use EventType::{CheckIn, Find, Move, Receive};
        if matches!(event, Receive | Move | CheckIn | Find) && !self.keys.opens(at) {
            return Err(Error::Forbidden("the place is closed to you; ask who has its key"));
        }
        Ok(())
    }

    /// The holder uses, weighs, adjusts and returns it. A manager takes it back or sets its amount right.
    fn may_handle_loan(&self, event: EventType, on: &Situation) -> bool {
        use EventType::{Adjust, CheckIn, Return, Weigh, Withdraw};
        match event {
            _ if on.holder_id == Some(self.user_id) => true,
            CheckIn | Withdraw | Adjust => self.role >= Role::Manager,
            Return | Weigh => false,
            _ => true,
        }
    }

    /// Whether this person may undo that event: what its undo brings about counts, too.
    pub fn check_undo(&self, line: &Past, on: &Situation) -> Result<()> {
        if line.is_creation() {
            return if line.by.is(self.user_id) { self.needs(Role::Member) } else { self.needs(Role::Manager) };
        }
        self.needs(line.r#type.needs().max(needed_to_undo(line)))?;
        if self.role >= Role::Manager {
            return Ok(());
        }
        let is_own = line.by.is(self.user_id);
        if !is_own && self.now - line.recorded_at > OTHERS_EVENTS {
            return Err(Error::Forbidden("members undo what somebody else booked within 24 hours; ask a manager"));
        }
        // What is on loan changes by its holder alone. A check-out that one has booked by mistake is one's own to undo.
        let is_lent = on.state == State::OnLoan && on.holder_id != Some(self.user_id);
        if is_lent && !(line.r#type == EventType::CheckOut && is_own) {
            return Err(Error::Forbidden("the container is on loan to somebody else; ask them or a manager"));
        }
        // Its undo takes the right to check in, which whoever had it has.
        let had_it = line.rest.holder_id.is_none_or(|[before, _]| before == Some(self.user_id));
        if line.r#type == EventType::CheckIn && !had_it {
            return Err(Error::Forbidden("the container was on loan to somebody else; ask them or a manager"));
        }
        Ok(())
    }

    fn needs(&self, role: Role) -> Result<()> {
        match role {
            _ if self.role >= role => Ok(()),
            Role::Manager => Err(Error::Forbidden("this needs the role Manager in the lab")),
            _ => Err(Error::Forbidden("this needs the role Member in the lab")),
        }
    }
}

/// Whether somebody may register containers, as the lab's policy says.
pub fn check_registering(role: Role, policy: Registration) -> Result<()> {
    let least = match policy {
        Registration::Member => Role::Member,
        Registration::Manager => Role::Manager,
    };
    match least {
        _ if role >= least => Ok(()),
        Role::Manager => Err(Error::Forbidden("this needs the role Manager in the lab, by its policy `registration`")),
        _ => Err(Error::Forbidden("this needs the role Member in the lab")),
    }
}

/// Whether somebody may change a container like this. By its code it is found, and with tare, density and dates people
/// count: those are a manager's.
pub fn check_editing(role: Role, before: &Container, after: &Container) -> Result<()> {
    let of_managers = |it: &Container| (it.code.clone(), it.tare, it.density, it.received_on, it.expires_on);
    if role < Role::Manager && of_managers(before) != of_managers(after) {
        return Err(Error::Forbidden("to change code, tare, density or dates needs the role Manager in the lab"));
    }
    Ok(())
}

/// Back into use from quarantine, and back from disposal, leads only a manager.
fn needed_to_undo(line: &Past) -> Role {
    match line.r#type {
        EventType::Quarantine | EventType::Dispose => Role::Manager,
        _ => Role::Member,
    }
}

/// The events that would succeed for this person with some valid input, in a lab with places that are open to them or
/// without.
pub fn allowed(on: &Situation, history: &History, who: &Who<'_>, has_places: bool) -> Vec<&'static str> {
    let possible = EventType::ALL.into_iter().filter(|event| match event {
        EventType::Reverse => history.newest_reversible().is_some_and(|line| undo::is_undoable(on, history, line, who)),
        event => who.check(*event, on).is_ok() && has_valid_input(*event, on, who, has_places),
    });
    possible.map(EventType::as_str).collect()
}

/// Nothing can be taken from a bottle without content, nor weighed in what has no mass, nor moved without a place. What
/// comes back needs one that is open to who brings it.
fn has_valid_input(event: EventType, on: &Situation, who: &Who<'_>, has_places: bool) -> bool {
    match event {
        EventType::Withdraw => !on.amount.is_zero(),
        EventType::Weigh => on.counting.is_enough_for(Quantity::NO_GRAMS, on.unit),
        EventType::Move => has_places,
        EventType::CheckIn | EventType::Find => has_places || who.keys.opens(on.location_id),
        _ => true,
    }
}
