//! What people see of work that is not a request, and may do with it: `platform::jobs` runs it.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use uuid::Uuid;

pub use self::http::routes;
use crate::{
    auth::{Anyone, Auth, Owner, Role},
    base::{
        error::{Error, Reason, Result},
        page::Page,
    },
    platform::{
        jobs::{self, JobFilter, StoredJob},
        lanes,
    },
};

mod http;

pub async fn list(by: &Auth<Owner>, filter: JobFilter<'_>) -> Result<Page<StoredJob>> {
    jobs::list(&mut *by.lists().await?, filter).await
}

/// Repeats a dead letter.
pub async fn retry(by: &Auth<Owner>, id: Uuid) -> Result<StoredJob> {
    let mut db = by.app().db().await?;
    if let Some(job) = jobs::retry(&mut db, id, by.now()).await? {
        drop(db);
        jobs::ring(by.app());
        return Ok(job);
    }
    let found = jobs::find(&mut db, id).await?;
    found.ok_or(NOT_FOUND)?;
    Err(Reason::JobState.because("only a job that has failed for good is repeated"))
}

async fn find(by: &Auth<Anyone>, id: Uuid) -> Result<Option<StoredJob>> {
    jobs::find(&mut *by.app().lookups().await?, id).await
}

pub async fn get(by: &Auth<Anyone>, id: Uuid) -> Result<StoredJob> {
    let found = find(by, id).await?;
    found.filter(|job| may_see(by, job)).ok_or(NOT_FOUND)
}

pub async fn cancel(by: &Auth<Anyone>, id: Uuid) -> Result<StoredJob> {
    get(by, id).await?;
    let cancelled = jobs::cancel(&mut *by.app().db().await?, by.app(), id).await?;
    cancelled.ok_or_else(|| Reason::JobState.because("it has ended, or it runs by a schedule"))
}

const NOT_FOUND: Error = Error::NotFound("job");

/// Whoever asked for it, as long as they belong to its lab; the admins of its lab; owners of the installation.
fn may_see(by: &Auth<Anyone>, job: &StoredJob) -> bool {
    let role = job.lab_id.map(|lab| by.role_in(lab));
    let is_own = job.created_by == Some(by.user_id()) && role != Some(None);
    is_own || role.flatten() >= Some(Role::Admin) || by.is_owner()
}

/// How many jobs somebody may watch at a time.
const MOST_WATCHED: usize = 4;
/// Then the client comes again.
const LONGEST_WATCH: Duration = Duration::from_mins(5);
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// The places of each person who watches.
struct Watchers(Cache<Uuid, Arc<Semaphore>>);

impl Default for Watchers {
    fn default() -> Self {
        // Places that somebody has are not forgotten.
        Self(Cache::builder().time_to_idle(2 * LONGEST_WATCH).build())
    }
}

/// Somebody who looks at a job again and again, as long as they may, and holds no connection in between.
struct Watch {
    by: Auth<Anyone>,
    id: Uuid,
    _place: OwnedSemaphorePermit,
    seen: Option<i32>,
    until: Instant,
    is_over: bool,
}

/// From the version after the one that was `seen`.
async fn watch(by: Auth<Anyone>, id: Uuid, seen: Option<i32>) -> Result<Watch> {
    get(&by, id).await?;
    let watchers = by.app().part(|_| Watchers::default());
    let places = watchers.0.get_with(by.user_id(), || Arc::new(Semaphore::new(MOST_WATCHED)));
    let place = places.try_acquire_owned().map_err(|_| Error::RateLimited { retry_after: LOOKS_EVERY })?;
    let until = Instant::now() + LONGEST_WATCH;
    Ok(Watch { by, id, _place: place, seen, until, is_over: false })
}

impl Watch {
    /// The job when it has changed; none when it has ended, was watched long enough, may be seen no more, or this
    /// process stops.
    async fn next(&mut self) -> Option<StoredJob> {
        while !self.is_over {
            match self.look().await {
                Ok(Some(job)) if job.state.is_end() => {
                    self.is_over = true;
                    return Some(job);
                }
                Ok(Some(job)) if self.seen != Some(job.version) => {
                    self.seen = Some(job.version);
                    return Some(job);
                }
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(cause) => tracing::warn!(%cause, "a job cannot be watched for now"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOKS_EVERY) => {}
                () = jobs::stopping(self.by.app()) => return None,
                () = tokio::time::sleep_until(self.until) => return None,
            }
        }
        None
    }

    async fn look(&mut self) -> Result<Option<StoredJob>> {
        if !self.by.look_again().await? {
            return Ok(None);
        }
        let found = lanes::within(lanes::SILENT_AFTER, find(&self.by, self.id)).await?;
        Ok(found.filter(|job| may_see(&self.by, job)))
    }
}
