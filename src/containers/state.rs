//! What a bottle can be, what can happen to it, and from where: the table that every event is checked against.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
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

impl State {
    pub const ALL: [Self; 9] = [
        Self::InStock,
        Self::Opened,
        Self::OnLoan,
        Self::Quarantined,
        Self::Lost,
        Self::WastePending,
        Self::Empty,
        Self::Disposed,
        Self::Voided,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::InStock => "in_stock",
            Self::Opened => "opened",
            Self::OnLoan => "on_loan",
            Self::Quarantined => "quarantined",
            Self::Lost => "lost",
            Self::WastePending => "waste_pending",
            Self::Empty => "empty",
            Self::Disposed => "disposed",
            Self::Voided => "voided",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
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

impl EventType {
    pub const ALL: [Self; 18] = [
        Self::Receive,
        Self::Open,
        Self::Withdraw,
        Self::Return,
        Self::Weigh,
        Self::Adjust,
        Self::Move,
        Self::CheckOut,
        Self::CheckIn,
        Self::Quarantine,
        Self::Release,
        Self::Lose,
        Self::Find,
        Self::Empty,
        Self::Discard,
        Self::Dispose,
        Self::Reverse,
        Self::Edit,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Open => "open",
            Self::Withdraw => "withdraw",
            Self::Return => "return",
            Self::Weigh => "weigh",
            Self::Adjust => "adjust",
            Self::Move => "move",
            Self::CheckOut => "check_out",
            Self::CheckIn => "check_in",
            Self::Quarantine => "quarantine",
            Self::Release => "release",
            Self::Lose => "lose",
            Self::Find => "find",
            Self::Empty => "empty",
            Self::Discard => "discard",
            Self::Dispose => "dispose",
            Self::Reverse => "reverse",
            Self::Edit => "edit",
        }
    }

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
    fn names_on_the_wire_are_those_in_the_tables() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for event in EventType::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
    }

    #[test]
    fn nothing_starts_from_a_voided_bottle_and_nobody_posts_an_edit() {
        assert!(EventType::ALL.into_iter().all(|event| !event.starts_from().contains(&State::Voided)));
        assert!(EventType::Edit.starts_from().is_empty());
    }
}
