//! New bottles and events that come at the same time are written together: one statement and one commit, and a verdict
//! for each.

use std::sync::Arc;

use chemistry::Quantity;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Container, NewContainer, changes::Rest, content::Fingerprint, ledger::Situation, line::StockEvent, state::State,
    store,
};
use crate::{
    base::error::Result,
    platform::{app::App, batch::Batch},
};

/// An event with all that it writes.
pub struct Entry {
    pub lab_id: Uuid,
    pub after: Situation,
    pub event: StockEvent,
    pub rest: Rest,
    pub content: Fingerprint,
}

/// Whether the bottle is low now; none when it is no longer as it was read.
pub async fn book(app: &App, entry: Arc<Entry>) -> Result<Option<bool>> {
    type Entries = Batch<Arc<Entry>, Option<bool>>;
    let entries = app.part(|app| Entries::of_writes(app, |db, some| Box::pin(store::book(db, some))));
    entries.submit(entry).await
}

/// A bottle and the event of its receipt: what the client sent, and what was worked out from it.
pub struct Creation {
    pub id: Uuid,
    pub lab_id: Uuid,
    pub event_id: Uuid,
    pub code: String,
    pub state: State,
    pub low_at: Option<Quantity>,
    pub tare: Option<Quantity>,
    pub rest: Rest,
    pub by: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub content: Fingerprint,
    pub new: NewContainer,
}

pub async fn create(app: &App, creation: Creation) -> Result<Container> {
    type Creations = Batch<Creation, Container>;
    let creations = app.part(|app| Creations::of_writes(app, |db, some| Box::pin(store::insert(db, some))));
    creations.submit(creation).await
}
