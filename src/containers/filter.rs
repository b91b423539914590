//! What a list of containers can be asked for, and which index serves it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{Container, state::State, store};
use crate::{
    chemicals, dates,
    error::{Error, Result},
    page::{Cursor, Limit, Page},
    text::Text,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ContainerFilter {
    /// Search names, synonyms, CAS numbers, formulas, lots and codes; forgives a typo. Answers the best matches, on one page.
    #[param(example = "acetonitrle", value_type = Option<String>, min_length = 2, max_length = 200)]
    pub q: Option<Text<200>>,
    /// In this location or anywhere below it.
    pub location_id: Option<Uuid>,
    pub chemical_id: Option<Uuid>,
    pub state: Option<State>,
    /// Expires before this day; the first to expire first.
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

/// The sort key of the last container of a page; which of its parts count depends on the list.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Key {
    pub id: Uuid,
    #[serde(default)]
    pub location: Uuid,
    #[serde(default, deserialize_with = "dates::required")]
    pub date: NaiveDate,
}

impl Key {
    /// Before everything; the date is the first that a bottle can carry.
    fn start() -> Self {
        Self { id: Uuid::nil(), location: Uuid::nil(), date: NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default() }
    }

    pub fn of(container: &Container) -> Self {
        Self {
            id: container.id,
            location: container.location_id.unwrap_or_default(),
            date: container.expires_on.unwrap_or_default(),
        }
    }
}

impl ContainerFilter {
    pub fn after(&self) -> Key {
        self.cursor.as_ref().map_or_else(Key::start, |Cursor(key)| *key)
    }

    pub fn state_name(&self) -> Option<&'static str> {
        self.state.map(State::as_str)
    }
}

/// The condition that narrows most chooses the index; the query checks the others.
pub async fn list(db: &mut PgConnection, lab_id: Uuid, filter: &ContainerFilter) -> Result<Page<Box<Container>>> {
    if let Some(q) = &filter.q {
        if q.as_str().chars().count() < 2 {
            return Err(Error::field("?q", "must have at least 2 characters"));
        }
        return Ok(Page { items: search(db, lab_id, q.as_str(), filter).await?, next_cursor: None });
    }
    let rows = if let Some(location) = filter.location_id {
        store::in_location(db, lab_id, location, filter).await?
    } else if let Some(chemical) = filter.chemical_id {
        store::with_chemical(db, lab_id, chemical, filter).await?
    } else if let Some(date) = filter.expiring_before {
        store::expiring(db, lab_id, date, filter).await?
    } else if filter.low {
        store::low(db, lab_id, filter).await?
    } else if let Some(state) = filter.state {
        store::in_state(db, lab_id, state, filter).await?
    } else {
        store::all(db, lab_id, filter).await?
    };
    Ok(Page::new(rows, filter.limit, |last| Key::of(last)))
}

async fn search(db: &mut PgConnection, lab_id: Uuid, q: &str, filter: &ContainerFilter) -> Result<Vec<Box<Container>>> {
    let words = chemicals::words_of(q);
    let found = store::search(db, lab_id, q, &words, filter).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    let slips = chemicals::Slips::new(q, &words);
    store::search_alike(db, lab_id, &chemicals::labels_one_slip_away(q), (&words, &slips), filter).await
}
