//! What logins leave behind, and when it goes.

use chrono::TimeDelta;

use crate::{
    base::error::Result,
    people::{
        audit,
        codes::{failures, sending, store},
        sessions,
    },
    platform::app::App,
};

/// No challenge lives as long as this, so none can come back.
const CONSUMED_KEPT_FOR: TimeDelta = TimeDelta::days(1);

/// A full batch of any of them is followed by the next at once.
const MOST: i64 = 500;

/// Background step.
pub async fn sweep(app: App) -> Result<usize> {
    let mut db = app.db().await?;
    let now = app.clock.now();
    let swept = [
        store::drop_consumed_challenges(&mut db, now - CONSUMED_KEPT_FOR, MOST).await?,
        sessions::sweep(&mut db, now, MOST).await?,
        audit::purge(&mut db, now, MOST).await?,
        failures::sweep(&mut db, now, MOST).await?,
        sending::sweep(&mut db, now, MOST).await?,
    ];
    Ok(swept.iter().map(|rows| usize::try_from(*rows).unwrap_or(usize::MAX)).sum())
}
