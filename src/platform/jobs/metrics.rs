//! What is told of jobs as metrics.

use chrono::{DateTime, Utc};
use metrics::{counter, gauge};

use super::{
    job::JobState,
    store::{self, Depth},
};
use crate::{base::error::Result, platform::app::App};

const SHOWN: [JobState; 3] = [JobState::Queued, JobState::Running, JobState::Failed];
/// The kinds that this version does not know, together: those of another version that runs beside it, or that were
/// removed.
const OTHER: &str = "other";

/// Gives the series of these kinds their zero.
pub fn begin_metrics(kinds: impl Iterator<Item = &'static str>) {
    for kind in kinds {
        counter!("jobs_failures_total", "kind" => kind).absolute(0);
        show(kind, &[], DateTime::UNIX_EPOCH);
    }
    show(OTHER, &[], DateTime::UNIX_EPOCH);
}

/// Background step: how many wait, run or are dead, how long the first that is due has waited, and how long the first
/// of those that run has run.
pub async fn measure(app: App, kinds: Vec<&'static str>) -> Result<usize> {
    let now = app.clock.now();
    let depths = store::depths(&mut *app.db().await?, now).await?;
    let (known, others): (Vec<_>, Vec<_>) =
        depths.into_iter().partition(|depth| kinds.iter().any(|kind| depth.kind == *kind));
    for kind in kinds {
        let of_kind: Vec<_> = known.iter().filter(|depth| depth.kind == kind).collect();
        show(kind, &of_kind, now);
    }
    show(OTHER, &others.iter().collect::<Vec<_>>(), now);
    Ok(0)
}

#[expect(clippy::cast_precision_loss, reason = "a metric")]
fn show(kind: &'static str, depths: &[&Depth], now: DateTime<Utc>) {
    let since = |first: Option<DateTime<Utc>>| first.map_or(0, |first| (now - first).num_seconds().max(0)) as f64;
    let waiting_since = depths.iter().filter_map(|depth| depth.waiting_since).min();
    let running_since = depths.iter().filter_map(|depth| depth.running_since).min();
    gauge!("jobs_oldest_seconds", "kind" => kind).set(since(waiting_since));
    gauge!("jobs_running_seconds", "kind" => kind).set(since(running_since));
    for state in SHOWN {
        let count: i64 = depths.iter().filter(|depth| depth.state == state).map(|depth| depth.count).sum();
        gauge!("jobs_depth", "kind" => kind, "state" => state.as_str()).set(count as f64);
    }
}
