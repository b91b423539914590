//! What a list of containers can be asked for, in which order it comes, and which index serves it.

use std::cmp::Ordering;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Container, state::State};
use crate::base::{
    dates,
    error::Result,
    page::{Cursor, Limit, List},
    text::Text,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ContainerFilter {
    /// Search names, synonyms, CAS numbers, formulas, lots and codes; forgives a typo. A lot or a code may stand beside
    /// what names the chemical: `acetonitrile STBK1234`. The best matches come first, of those that match alike the
    /// newest.
    #[param(example = "acetonitrle", value_type = Option<String>, min_length = 2, max_length = 200)]
    pub q: Option<Text<200>>,
    /// In this location or anywhere below it: place by place, the newest of a place first.
    pub location_id: Option<Uuid>,
    pub chemical_id: Option<Uuid>,
    /// In this state. Without it a list leaves out what is gone: `lost`, `empty`, `disposed` and `voided`.
    pub state: Option<State>,
    /// `gone`: also what is lost, empty, disposed or voided.
    #[param(inline)]
    pub include: Option<Include>,
    /// Expires before this day; the first to expire first, also in a location or of a chemical.
    #[param(example = "2027-01-01")]
    #[serde(default, deserialize_with = "dates::optional")]
    pub expiring_before: Option<NaiveDate>,
    /// Only those at or below their `low_at`. Of what is in use: in stock, opened or on loan.
    #[serde(default)]
    pub low: bool,
    #[serde(default)]
    #[param(value_type = i64, minimum = 1, maximum = 200, default = 50)]
    pub limit: Limit,
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<Key>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    Gone,
}

/// The sort key of the last container of a page; which of its parts count depends on the list.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Key {
    pub id: Uuid,
    #[serde(default)]
    pub location: Uuid,
    #[serde(default, deserialize_with = "dates::required")]
    pub date: NaiveDate,
    /// How well it matched the search.
    #[serde(default)]
    pub rank: i32,
    /// Whether the search goes on with what the text may have been meant to be.
    #[serde(default)]
    pub slips: bool,
}

/// The orders of lists, each by the id where the rest is equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Ids begin with the time at which they were made.
    NewestFirst,
    PlaceByPlace,
    FirstToExpire,
}

impl Key {
    fn start(order: Order) -> Self {
        let id = if order == Order::FirstToExpire { Uuid::nil() } else { Uuid::max() };
        // The first day that a bottle can carry.
        let date = NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default();
        Self { id, location: Uuid::nil(), date, rank: 0, slips: false }
    }

    /// Before all matches of a search of this rank.
    pub fn before_rank(rank: i32) -> Self {
        Self { rank: rank - 1, ..Self::start(Order::NewestFirst) }
    }

    pub fn of_match(container: &Container, rank: i32, slips: bool) -> Self {
        Self { rank, slips, ..Self::of(container) }
    }

    pub fn of(container: &Container) -> Self {
        Self {
            id: container.id,
            location: container.location_id.unwrap_or_default(),
            date: container.expires_on.unwrap_or_default(),
            rank: 0,
            slips: false,
        }
    }
}

impl Order {
    pub fn compare(self, a: &Container, b: &Container) -> Ordering {
        match self {
            Self::NewestFirst => b.id.cmp(&a.id),
            Self::PlaceByPlace => (a.location_id, b.id).cmp(&(b.location_id, a.id)),
            Self::FirstToExpire => (a.expires_on, a.id).cmp(&(b.expires_on, b.id)),
        }
    }
}

impl ContainerFilter {
    /// The list that it makes of a lab, once the cursor is found to be of it.
    pub fn list(&self, lab_id: Uuid) -> Result<List> {
        let Self { q, location_id, chemical_id, state, include, expiring_before, low, limit: _, cursor } = self;
        let filter = (q, location_id, chemical_id, state, include, expiring_before, low);
        let list = List::new("containers", &(lab_id, filter));
        list.after(cursor.clone())?;
        Ok(list)
    }

    pub fn after(&self) -> Key {
        self.key().unwrap_or_else(|| Key::start(self.order()))
    }

    /// Of the last container of the page before.
    pub fn key(&self) -> Option<Key> {
        self.cursor.as_ref().map(|cursor| cursor.key)
    }

    pub fn state_name(&self) -> Option<&'static str> {
        self.state.map(State::as_str)
    }

    /// The parts of the lab to read: what is there, what is gone, or both.
    pub fn gone(&self) -> &'static [bool] {
        match (self.state, self.include) {
            (Some(state), _) if is_gone(state) => &[true],
            (None, Some(Include::Gone)) => &[false, true],
            _ => &[false],
        }
    }

    pub fn order(&self) -> Order {
        if self.expiring_before.is_some() {
            Order::FirstToExpire
        } else if self.location_id.is_some() && self.q.is_none() {
            Order::PlaceByPlace
        } else {
            Order::NewestFirst
        }
    }
}

/// As the column `is_gone` of the table has it.
fn is_gone(state: State) -> bool {
    ["lost", "empty", "disposed", "voided"].contains(&state.as_str())
}
