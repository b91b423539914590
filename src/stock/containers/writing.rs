//! New bottles and events that come at the same time are written together: one statement and one commit, and a verdict
//! for each.

use std::sync::Arc;

use super::{
    Container,
    entry::{Creation, Entry},
    store,
};
use crate::{
    base::error::Result,
    journal::notary,
    platform::{app::App, batch::Batch},
};

/// Whether the bottle is low now; none when it is no longer as it was read.
pub async fn book(app: &App, entry: Arc<Entry>) -> Result<Option<bool>> {
    type Entries = Batch<Arc<Entry>, Option<bool>>;
    let entries = app.part(|app| Entries::of_writes(app, |db, some| Box::pin(store::book(db, some))));
    let booked = entries.submit(entry).await;
    notary::ring(app);
    booked
}

pub async fn create(app: &App, creation: Creation) -> Result<Container> {
    type Creations = Batch<Creation, Container>;
    let creations = app.part(|app| Creations::of_writes(app, |db, some| Box::pin(store::insert(db, some))));
    let created = creations.submit(creation).await;
    notary::ring(app);
    created
}
