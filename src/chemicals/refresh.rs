//! Terms and words as the fold of this build makes them. Until those of an older one are written anew, a chemical is not
//! found by its names, and an import would add it a second time.

use std::time::Duration;

use super::store;
use crate::{app::App, error::Result};

/// While another instance writes the last of them.
const PAUSE: Duration = Duration::from_millis(100);

/// Of all chemicals, before anything is asked of the catalogue. What it has done when it is stopped stays done.
pub async fn refresh_all_terms(app: &App) -> Result<()> {
    let mut db = app.db().await?;
    let mut stale = store::count_stale(&mut db).await?;
    if stale > 0 {
        tracing::info!(chemicals = stale, "names are prepared for the search of this version");
    }
    while stale > 0 {
        if store::refresh_some(&mut db).await? == 0 {
            tokio::time::sleep(PAUSE).await;
        }
        stale = store::count_stale(&mut db).await?;
    }
    Ok(())
}

/// Of some that an instance of an older build has written meanwhile; says how many there were.
pub async fn refresh_terms(app: App) -> Result<usize> {
    store::refresh_some(&mut *app.db().await?).await
}
