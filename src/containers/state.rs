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
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::InStock,
        Self::Opened,
        Self::OnLoan,
        Self::Quarantined,
        Self::Lost,
        Self::WastePending,
        Self::Empty,
        Self::Disposed,
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
}

impl EventType {
    pub const ALL: [Self; 17] = [
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
        }
    }

    /// The states in which it may happen. Disposed is final: only the disposal itself can be reversed.
    pub fn starts_from(self) -> &'static [State] {
        use State::{Empty, InStock, Lost, OnLoan, Opened, Quarantined, WastePending};
        match self {
            Self::Receive => &[InStock, Opened, Empty],
            Self::Open => &[InStock],
            // Whoever has it on loan may use it; nobody else (the ledger checks who).
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
            Self::Reverse => &State::ALL,
        }
    }

    /// Who may post it: members, but for what ends a quarantine.
    pub fn needs(self) -> Role {
        match self {
            Self::Release => Role::Manager,
            _ => Role::Member,
        }
    }
}

/// The events that a bottle in this state allows somebody with this role.
pub fn allowed(state: State, role: Role) -> Vec<&'static str> {
    let possible =
        EventType::ALL.into_iter().filter(|event| event.starts_from().contains(&state) && role >= event.needs());
    possible.map(EventType::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disposed_bottle_allows_nothing_but_the_reversal() {
        assert_eq!(allowed(State::Disposed, Role::Admin), ["reverse"]);
    }

    #[test]
    fn only_managers_release_from_quarantine() {
        assert!(!allowed(State::Quarantined, Role::Member).contains(&"release"));
        assert!(allowed(State::Quarantined, Role::Manager).contains(&"release"));
    }

    #[test]
    fn viewers_may_do_nothing() {
        assert!(State::ALL.into_iter().all(|state| allowed(state, Role::Viewer).is_empty()));
    }

    #[test]
    fn names_on_the_wire_are_those_in_the_tables() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        for event in EventType::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
        }
    }
}
