//! Which provider's codes come back: counted after the login, so that a login does not wait for it.

use super::{BATCH, store};
use crate::{base::error::Result, platform::app::App};

/// Background step.
pub async fn tally(app: App) -> Result<usize> {
    let rows = store::count_verified(&mut *app.db().await?, BATCH).await?;
    for row in &rows {
        if let Some(provider) = &row.provider {
            let verified = u64::try_from(row.verified).unwrap_or(0);
            metrics::counter!("messages_verified_total", "provider" => provider.clone()).increment(verified);
        }
    }
    let consumed = rows.first().map_or(0, |row| row.consumed);
    Ok(usize::try_from(consumed).unwrap_or(usize::MAX))
}
