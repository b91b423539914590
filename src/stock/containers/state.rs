//! What a bottle can be, what can happen to it, and from where: the table that every event is checked against.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::Role, base::enumeration::enumeration};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    InStock,
    Opened,
    OnLoan,
    Quarantined,
    Lost,
    WastePending,
    Empty,
    Disposed,
    /// It should never have been registered: its creation was undone. Kept in history alone.
    Voided,
}

enumeration!(State::as_str in "containers.state, stock_events.state_after" {
    InStock = "in_stock",
    Opened = "opened",
    OnLoan = "on_loan",
    Quarantined = "quarantined",
    Lost = "lost",
    WastePending = "waste_pending",
    Empty = "empty",
    Disposed = "disposed",
    Voided = "voided",
});

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    Receive,
    Open,
    Withdraw,
    Return,
    Weigh,
    Adjust,
    Move,
    CheckOut,
    CheckIn,
    Quarantine,
    Release,
    Lose,
    Find,
    Empty,
    Discard,
    Dispose,
    Reverse,
    /// Booked by a PATCH of what amounts are counted with; nobody posts it.
    Edit,
}

enumeration!(EventType::as_str in "stock_events.type" {
    Receive = "receive",
    Open = "open",
    Withdraw = "withdraw",
    Return = "return",
    Weigh = "weigh",
    Adjust = "adjust",
    Move = "move",
    CheckOut = "check_out",
    CheckIn = "check_in",
    Quarantine = "quarantine",
    Release = "release",
    Lose = "lose",
    Find = "find",
    Empty = "empty",
    Discard = "discard",
    Dispose = "dispose",
    Reverse = "reverse",
    Edit = "edit",
});

impl State {
    /// The place of any other bottle is where it was, or where it comes back to.
    pub fn is_at_its_place(self) -> bool {
        !matches!(self, Self::OnLoan | Self::Lost | Self::Disposed | Self::Voided)
    }
}

impl EventType {
    /// The states in which it may happen. Of a disposed bottle only the disposal can be reversed (`undo` checks which).
    pub fn starts_from(self) -> &'static [State] {
        use State::{Disposed, Empty, InStock, Lost, OnLoan, Opened, Quarantined, WastePending};
        match self {
            Self::Receive => &[InStock, Opened, Empty],
            Self::Open => &[InStock],
            // On loan, `rights` checks who.
            Self::Withdraw | Self::Return | Self::Weigh => &[InStock, Opened, OnLoan],
            Self::Adjust => &[InStock, Opened, OnLoan, Quarantined, Lost, WastePending],
            Self::Move => &[InStock, Opened, Quarantined, WastePending, Empty],
            Self::CheckOut | Self::Empty => &[InStock, Opened],
            Self::CheckIn => &[OnLoan],
            Self::Quarantine => &[InStock, Opened, OnLoan],
            Self::Release => &[Quarantined],
            Self::Lose => &[InStock, Opened, OnLoan, Quarantined, WastePending],
            Self::Find => &[Lost],
            Self::Discard => &[InStock, Opened, Quarantined, Empty],
            Self::Dispose => &[WastePending, Empty, Lost],
            Self::Reverse => &[InStock, Opened, OnLoan, Quarantined, Lost, WastePending, Empty, Disposed],
            Self::Edit => &[],
        }
    }

    /// The role that posting it takes: members, but for what ends a quarantine.
    pub fn needs(self) -> Role {
        match self {
            Self::Release => Role::Manager,
            _ => Role::Member,
        }
    }

    /// Whether it says what the amount is, whatever was booked before.
    pub fn sets_amount(self) -> bool {
        matches!(self, Self::Weigh | Self::Adjust | Self::Empty | Self::Dispose)
    }

    /// Whether a bottle is open once it has happened.
    pub fn opens(self) -> bool {
        matches!(self, Self::Open | Self::Withdraw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_tables_are_read_back_and_are_those_on_the_wire() {
        crate::base::enumeration::assert_read_back_and_on_the_wire::<State>();
        crate::base::enumeration::assert_read_back_and_on_the_wire::<EventType>();
    }

    #[test]
    fn nothing_starts_from_a_voided_bottle_and_nobody_posts_an_edit() {
        assert!(EventType::ALL.into_iter().all(|event| !event.starts_from().contains(&State::Voided)));
        assert!(EventType::Edit.starts_from().is_empty());
    }
}
