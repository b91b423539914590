//! Claims jobs that are due and runs each in a task of its own. A claim is a lease, which a job that runs has prolonged
//! for it; when a process dies, or does not reach the database for a minute, its leases run out, and another process runs its
//! jobs again. So what was under way may be done twice, and everything else is done once.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    task::{JoinError, JoinSet},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    attempt::{Finished, attempt, count_failure},
    bells,
    context::{Context, Reason, Signal},
    ending::{Ending, settle},
    job::{Claimed, JobProgress, NewJob, Settled},
    registry::{Handler, Registry},
    store,
};
use crate::{
    base::{error::Result, ids, secrets},
    platform::app::App,
};

/// How long a job is left alone; then whoever runs it is taken for dead.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const PROLONGED_EVERY: Duration = Duration::from_secs(10);
/// What another instance has queued waits at most so long for us.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// At a stop a job has so long to end by itself.
const GRACE: Duration = Duration::from_secs(5);
/// Key of a step that is there without being asked for.
const STEP: &str = "step";

pub struct Runner {
    app: App,
    registry: Arc<Registry>,
    under_way: JoinSet<Finished>,
    held: HashMap<Uuid, Held>,
    grace: Duration,
}

struct Held {
    kind: &'static str,
    lease_id: Uuid,
    signal: Arc<Signal>,
    job: Claimed,
    context: Context,
}

impl Runner {
    pub fn new(app: App, registry: Registry) -> Self {
        let (under_way, held) = (JoinSet::new(), HashMap::new());
        Self { app, registry: Arc::new(registry), under_way, held, grace: GRACE }
    }

    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Until `stop`; then the leases of what does not end by itself are given back.
    pub async fn run(mut self, stop: CancellationToken) {
        let (bells, mut is_armed) = (bells(&self.app), false);
        let mut beat = interval(PROLONGED_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            let was_idle = self.held.is_empty();
            let pause = match self.start(&mut is_armed).await {
                Ok(next_due) => self.pause_until(next_due),
                Err(cause) => {
                    tracing::warn!(cause = &cause as &dyn std::error::Error, "jobs cannot be claimed");
                    LONGEST_PAUSE
                }
            };
            if was_idle {
                beat.reset();
            }
            tokio::select! {
                Some(first) = self.under_way.join_next() => self.settle(first).await,
                () = bells.queued.notified() => {}
                () = bells.cancelled.notified(), if !self.held.is_empty() => self.prolong().await,
                _ = beat.tick(), if !self.held.is_empty() => self.prolong().await,
                () = sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
        bells.stopping.cancel();
        self.release().await;
    }

    /// Runs what is due now until nothing is, and says how many tries that were.
    pub async fn run_due(&mut self) -> Result<usize> {
        let (mut tries, mut is_armed) = (0, false);
        loop {
            self.start(&mut is_armed).await?;
            tries += self.under_way.len();
            if self.under_way.is_empty() {
                return Ok(tries);
            }
            while let Some(first) = self.under_way.join_next().await {
                self.settle(first).await;
            }
        }
    }

    async fn start(&mut self, is_armed: &mut bool) -> Result<Option<DateTime<Utc>>> {
        if !*is_armed {
            self.arm().await?;
            *is_armed = true;
        }
        self.start_due().await
    }

    /// Queues the steps that are not there yet.
    async fn arm(&self) -> Result<()> {
        let now = self.app.clock.now();
        let mut db = self.app.db().await?;
        for (kind, handler) in self.registry.all().filter(|(_, handler)| handler.schedule.is_some()) {
            let step = NewJob {
                id: ids::new(now),
                kind,
                key: Some(STEP.to_owned()),
                lab_id: None,
                created_by: None,
                payload: serde_json::Value::Null,
                schedule: handler.schedule,
                run_at: now,
                max_attempts: handler.retry.max_attempts,
            };
            store::insert(&mut db, &step, now).await?;
        }
        Ok(())
    }

    /// Answers when the next is due.
    async fn start_due(&mut self) -> Result<Option<DateTime<Utc>>> {
        let rooms: Vec<_> = self.registry.all().map(|(kind, handler)| (kind, self.room(kind, handler))).collect();
        let rooms: Vec<_> = rooms.into_iter().filter(|(_, room)| *room > 0).collect();
        if rooms.is_empty() {
            return Ok(None);
        }
        let now = self.app.clock.now();
        let lease = (ids::new(now), now + LEASE);
        let mut db = self.app.db().await?;
        let claim = store::claim(&mut db, &rooms, lease, now).await?;
        let over: Vec<_> = claim.taken.0.into_iter().filter_map(|job| self.begin(job, now)).collect();
        if !over.is_empty() {
            store::settle(&mut db, &over, now).await?;
        }
        Ok(claim.next_due)
    }

    fn room(&self, kind: &str, handler: &Handler) -> i32 {
        let running = self.held.values().filter(|held| held.kind == kind).count();
        handler.at_once - i32::try_from(running).unwrap_or(i32::MAX)
    }

    fn pause_until(&self, next_due: Option<DateTime<Utc>>) -> Duration {
        let until = next_due.map(|due| (due - self.app.clock.now()).to_std().unwrap_or_default());
        until.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
    }

    /// Begins it, unless it is over.
    fn begin(&mut self, job: Claimed, now: DateTime<Utc>) -> Option<Settled> {
        let (kind, handler) = self.registry.find(&job.kind)?;
        if job.was_lost {
            count_failure(kind);
            tracing::warn!(job = %job.id, kind, "the process that ran it did not say how it ended");
        }
        let over = if job.cancel_requested {
            Some(Ending::Cancelled)
        } else if job.attempts > job.max_attempts {
            Some(Ending::Failed("its process ended while it ran".to_owned()))
        } else {
            None
        };
        if let Some(ending) = over {
            return Some(settle(&job, job.progress.clone(), ending, (handler.retry, 0), now));
        }
        let context = Context::new(self.app.clone(), &job);
        let (id, lease_id, signal) = (job.id, job.lease_id, context.signal.clone());
        let span = tracing::info_span!("job", kind, %id);
        let running = (handler.run)(job.payload.clone(), context.clone()).instrument(span);
        self.under_way.spawn(attempt(kind, id, lease_id, running));
        let earlier = self.held.insert(id, Held { kind, lease_id, signal, job, context });
        if let Some(earlier) = earlier {
            earlier.signal.halt(Reason::Lost);
        }
        None
    }

    /// Prolongs the leases, and tells the jobs that were cancelled or lost.
    async fn prolong(&mut self) {
        let leases: Vec<_> = self.held.iter().map(|(id, held)| (*id, held.lease_id)).collect();
        let still = match self.write_leases(&leases).await {
            Ok(still) => still,
            Err(cause) => {
                tracing::warn!(cause = &cause as &dyn std::error::Error, "the leases of jobs were not prolonged");
                return;
            }
        };
        for (id, held) in &self.held {
            match still.iter().find(|it| it.id == *id) {
                Some(it) if it.cancel_requested => held.signal.halt(Reason::Cancelled),
                Some(_) => {}
                None => held.signal.halt(Reason::Lost),
            }
        }
    }

    async fn write_leases(&self, leases: &[(Uuid, Uuid)]) -> Result<Vec<store::Held>> {
        store::prolong(&mut *self.app.db().await?, leases, self.app.clock.now() + LEASE).await
    }

    /// Together with all others that have ended: one statement for many.
    async fn settle(&mut self, first: std::result::Result<Finished, JoinError>) {
        let (mut settled, mut next) = (Vec::new(), Some(first));
        while let Some(ended) = next {
            if let Ok(Finished { id, lease_id, ending }) = ended
                && self.held.get(&id).is_some_and(|held| held.lease_id == lease_id)
                && let Some(held) = self.held.remove(&id)
                && let Some(ending) = ending
            {
                settled.push(self.settled(&held, ending));
            }
            next = self.under_way.try_join_next();
        }
        self.write(&settled).await;
    }

    fn settled(&self, held: &Held, ending: Ending) -> Settled {
        let retry = self.registry.find(held.kind).map_or(super::Retry::USUAL, |(_, handler)| handler.retry);
        let [chance] = secrets::random();
        let progress: JobProgress = held.context.last_progress();
        settle(&held.job, progress, ending, (retry, chance), self.app.clock.now())
    }

    async fn write(&self, settled: &[Settled]) {
        if settled.is_empty() {
            return;
        }
        for pause in [0, 1, 2] {
            sleep(Duration::from_secs(pause)).await;
            let written = async { store::settle(&mut *self.app.db().await?, settled, self.app.clock.now()).await };
            match written.await {
                Ok(()) => return,
                Err(cause) => {
                    tracing::error!(cause = &cause as &dyn std::error::Error, "cannot write down how jobs ended");
                }
            }
        }
    }

    async fn release(&mut self) {
        self.held.values().for_each(|held| held.signal.halt(Reason::Stopping));
        let grace = self.grace;
        let by_themselves = async {
            while let Some(first) = self.under_way.join_next().await {
                self.settle(first).await;
            }
        };
        let _ = timeout(grace, by_themselves).await;
        self.under_way.abort_all();
        while let Some(ended) = self.under_way.join_next().await {
            self.settle(ended).await;
        }
        let left: Vec<_> = self.held.values().map(|held| self.settled(held, Ending::Released)).collect();
        self.write(&left).await;
        self.held.clear();
    }
}
