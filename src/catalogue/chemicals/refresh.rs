//! Terms and words as the fold of this build makes them. Until those of an older one are written anew, a chemical is
//! not found by its names, nor by the name that a lab gives it, and an import would add it a second time.

use std::time::Duration;

use sqlx::PgConnection;

use super::{overrides, store};
use crate::{base::error::Result, platform::app::App};

/// While another instance writes the last of them.
const PAUSE: Duration = Duration::from_millis(100);

/// Of all chemicals and of the labs' own names, before anything is asked of the catalogue. When it is stopped, what is
/// done stays done.
pub async fn refresh_all_terms(app: &App) -> Result<()> {
    let mut db = app.db().await?;
    let mut stale = count_stale(&mut db).await?;
    if stale > 0 {
        tracing::info!(names = stale, "names are prepared for the search of this version");
    }
    while stale > 0 {
        if refresh_some(&mut db).await? == 0 {
            tokio::time::sleep(PAUSE).await;
        }
        stale = count_stale(&mut db).await?;
    }
    Ok(())
}

/// Of some that an instance of an older build has written meanwhile; says how many there were.
pub async fn refresh_terms(app: App) -> Result<usize> {
    refresh_some(&mut *app.db().await?).await
}

async fn count_stale(db: &mut PgConnection) -> Result<i64> {
    Ok(store::count_stale(db).await? + overrides::count_stale(db).await?)
}

async fn refresh_some(db: &mut PgConnection) -> Result<usize> {
    Ok(store::refresh_some(db).await? + overrides::refresh_some(db).await?)
}
