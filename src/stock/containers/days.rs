//! Times and days that a client tells. None lies ahead, but for the day on which something expires.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{Container, store};
use crate::{
    auth::{Auth, InLab},
    base::error::{Error, Result},
};

/// A phone's clock may be this much ahead of ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(2);

/// On which something happens, in the lab's time zone of now.
pub fn day_of<R: InLab>(by: &Auth<R>, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&by.time_zone()).date_naive()
}

/// Refuses a day that has not begun in the lab.
pub fn check_begun<R: InLab>(by: &Auth<R>, pointer: &str, day: Option<NaiveDate>) -> Result<()> {
    let today = day_of(by, by.now() + CLOCKS_DIFFER);
    if day.is_none_or(|day| day <= today) {
        return Ok(());
    }
    let zone = by.time_zone().name();
    Err(Error::field(pointer, format!("must be no later than today, {today} in the lab's time zone {zone}")))
}

/// What was sent, unless it lies ahead of our clock or before the bottle's first event.
pub async fn occurred_at(
    db: &mut PgConnection,
    container: &Container,
    sent: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let at = not_ahead(sent, now)?;
    // The first event happened before it was recorded, so only what is older than that needs a look.
    if sent.is_some() && at < container.created_at {
        let first = store::first_occurred_at(db, container.lab_id, container.id).await?;
        if first.is_some_and(|first| at < first) {
            return Err(Error::field("/occurred_at", "is before the container's first event"));
        }
    }
    Ok(at)
}

/// A little ahead counts as now: an event does not happen after it is told.
pub fn not_ahead(sent: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    match sent {
        Some(sent) if sent > now + CLOCKS_DIFFER => {
            Err(Error::field("/occurred_at", "is more than two minutes ahead of the server's clock"))
        }
        // To microseconds, as Postgres keeps it, and without the leap second that it has not.
        Some(sent) => Ok(DateTime::from_timestamp_micros(sent.timestamp_micros()).unwrap_or(sent).min(now)),
        None => Ok(now),
    }
}
