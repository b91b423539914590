//! What a list of containers can be asked for, in which order it comes, and which index serves it.

use std::cmp::Ordering;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Container, search, state::State, store};
use crate::base::{
    dates,
    error::Result,
    page::{Cursor, Limit, Page},
    text::Text,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ContainerFilter {
    /// Search names, synonyms, CAS numbers, formulas, lots and codes; forgives a typo. The best matches come first, of
    /// those that match alike the newest.
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
    /// Only those at or below their `low_at`.
    #[serde(default)]
    pub low: bool,
    #[serde(default)]
    #[param(value_type = i64, minimum = 1, maximum = 200, default = 50)]
    pub limit: Limit,
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<Key>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
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
enum Order {
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

    fn of(container: &Container) -> Self {
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
    fn compare(self, a: &Container, b: &Container) -> Ordering {
        match self {
            Self::NewestFirst => b.id.cmp(&a.id),
            Self::PlaceByPlace => (a.location_id, b.id).cmp(&(b.location_id, a.id)),
            Self::FirstToExpire => (a.expires_on, a.id).cmp(&(b.expires_on, b.id)),
        }
    }
}

impl ContainerFilter {
    pub fn after(&self) -> Key {
        self.cursor.as_ref().map_or_else(|| Key::start(self.order()), |Cursor(key)| *key)
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

    fn order(&self) -> Order {
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

/// What is there and what is gone are two ranges of each index, each in the order of the list.
pub async fn list(db: &mut PgConnection, lab_id: Uuid, filter: &ContainerFilter) -> Result<Page<Box<Container>>> {
    if let Some(q) = &filter.q {
        return search::list(db, lab_id, q.as_str(), filter).await;
    }
    let mut rows = Vec::new();
    for gone in filter.gone() {
        rows.extend(part(db, lab_id, filter, *gone).await?);
    }
    if filter.gone().len() > 1 {
        let order = filter.order();
        rows.sort_by(|a, b| order.compare(a, b));
        // It may have gone in between.
        rows.dedup_by_key(|it| it.id);
    }
    Ok(Page::new(rows, filter.limit, |last| Key::of(last)))
}

/// The condition that narrows most chooses the index; the query checks the others.
async fn part(db: &mut PgConnection, lab: Uuid, filter: &ContainerFilter, gone: bool) -> Result<Vec<Box<Container>>> {
    match (filter.location_id, filter.chemical_id, filter.expiring_before) {
        (Some(place), None, None) => store::in_location(db, lab, place, filter, gone).await,
        (Some(place), None, Some(day)) => store::expiring_in_location(db, lab, place, day, filter, gone).await,
        (Some(place), Some(chemical), None) => {
            store::with_chemical_in_location(db, lab, chemical, place, filter, gone).await
        }
        (place, Some(chemical), Some(day)) => {
            store::with_chemical_expiring(db, lab, chemical, (day, place), filter, gone).await
        }
        (None, Some(chemical), None) => store::with_chemical(db, lab, chemical, filter, gone).await,
        (None, None, Some(day)) => store::expiring(db, lab, day, filter, gone).await,
        (None, None, None) => match filter.state {
            // What is gone is never low.
            _ if filter.low => {
                if gone {
                    Ok(Vec::new())
                } else {
                    store::low(db, lab, filter).await
                }
            }
            Some(state) => store::in_state(db, lab, state, filter).await,
            None => store::all(db, lab, filter, gone).await,
        },
    }
}
