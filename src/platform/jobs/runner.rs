//! Claims jobs that are due and runs each in a task of its own. A claim is a lease, which a job that runs has prolonged
//! for it; when a process dies, or does not reach the database for a minute, its leases run out, and another process
//! runs its jobs again. So what was under way may be done twice, and everything else is done once.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    ANSWERS_WITHIN,
    attempt::{Finished, attempt, count_failure},
    bells,
    context::{Context, Reason, Signal},
    ending::{Ending, settle},
    endings::Endings,
    job::{Claimed, JobProgress, NewJob, Settled},
    registry::{Handler, Registry},
    store,
};
use crate::{
    base::{error::Result, ids, secrets},
    platform::{app::App, lanes},
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
    ended: Endings,
    grace: Duration,
}

struct Held {
    kind: &'static str,
    lease_id: Uuid,
    lease_until: DateTime<Utc>,
    signal: Arc<Signal>,
    job: Claimed,
    context: Context,
}

impl Runner {
    pub fn new(app: App, registry: Registry) -> Self {
        let (under_way, held) = (JoinSet::new(), HashMap::new());
        let ended = Endings::default();
        Self { app, registry: Arc::new(registry), under_way, held, ended, grace: GRACE }
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
            let was_idle = !self.has_leases();
            self.ended.write(&self.app).await;
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
                () = bells.cancelled.notified(), if self.has_leases() => self.prolong().await,
                _ = beat.tick(), if self.has_leases() => self.prolong().await,
                () = sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
        bells.stopping.cancel();
        self.release().await;
    }

    fn has_leases(&self) -> bool {
        !self.held.is_empty() || !self.ended.is_empty()
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
            lanes::within(ANSWERS_WITHIN, self.arm()).await?;
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
        let claiming = async { store::claim(&mut *self.app.db().await?, &rooms, lease, now).await };
        let claim = lanes::within(ANSWERS_WITHIN, claiming).await?;
        let over: Vec<_> = claim.taken.0.into_iter().filter_map(|job| self.begin(job, lease.1, now)).collect();
        self.ended.extend(over);
        self.ended.write(&self.app).await;
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
    fn begin(&mut self, job: Claimed, lease_until: DateTime<Utc>, now: DateTime<Utc>) -> Option<Settled> {
        let (kind, handler) = self.registry.find(&job.kind)?;
        if job.was_lost {
            count_failure(kind);
            tracing::warn!(job = %job.id, kind, "the process that ran it did not say how it ended");
        }
        let over = if job.cancel_requested {
            Some(Ending::Cancelled)
        } else if let Err(cause) = job.read_schedule() {
            count_failure(kind);
            tracing::warn!(job = %job.id, kind, %cause, "this version cannot read the schedule of a job");
            Some(Ending::Failed("this version cannot read its schedule".to_owned()))
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
        self.under_way.spawn(attempt(kind, id, lease_id, handler.longest, running));
        let earlier = self.held.insert(id, Held { kind, lease_id, lease_until, signal, job, context });
        if let Some(earlier) = earlier {
            earlier.signal.halt(Reason::Lost);
        }
        None
    }

    /// Prolongs the leases, and tells the jobs that were cancelled or lost.
    async fn prolong(&mut self) {
        let leases = self.held.iter().map(|(id, held)| (*id, held.lease_id));
        let leases: Vec<_> = leases.chain(self.ended.leases()).collect();
        let (now, until) = (self.app.clock.now(), self.app.clock.now() + LEASE);
        let writing = async { store::prolong(&mut *self.app.db().await?, &leases, until).await };
        let still = lanes::within(ANSWERS_WITHIN, writing).await;
        if let Err(cause) = &still {
            tracing::warn!(cause = cause as &dyn std::error::Error, "the leases of jobs were not prolonged");
        }
        for (id, held) in &mut self.held {
            match still.as_ref().map(|still| still.iter().find(|it| it.id == *id)) {
                Ok(Some(it)) if it.cancel_requested => held.signal.halt(Reason::Cancelled),
                Ok(Some(_)) => held.lease_until = until,
                // As far as this process knows, another one runs it now.
                Err(_) if held.lease_until > now => {}
                Ok(None) | Err(_) => held.signal.halt(Reason::Lost),
            }
        }
    }

    /// Together with all others that have ended.
    async fn settle(&mut self, first: std::result::Result<Finished, JoinError>) {
        let mut next = Some(first);
        while let Some(ended) = next {
            if let Ok(Finished { id, lease_id, ending }) = ended
                && self.held.get(&id).is_some_and(|held| held.lease_id == lease_id)
                && let Some(held) = self.held.remove(&id)
                && let Some(ending) = ending
            {
                self.ended.extend([self.settled(&held, ending)]);
            }
            next = self.under_way.try_join_next();
        }
        self.ended.write(&self.app).await;
    }

    fn settled(&self, held: &Held, ending: Ending) -> Settled {
        let retry = self.registry.find(held.kind).map_or(super::Retry::USUAL, |(_, handler)| handler.retry);
        let [chance] = secrets::random();
        let progress: JobProgress = held.context.last_progress();
        settle(&held.job, progress, ending, (retry, chance), self.app.clock.now())
    }

    async fn release(&mut self) {
        self.held.values().for_each(|held| held.signal.halt(Reason::Stopping));
        let deadline = Instant::now() + self.grace;
        while let Ok(Some(ended)) = timeout_at(deadline, self.under_way.join_next()).await {
            self.settle(ended).await;
        }
        self.under_way.abort_all();
        while let Some(ended) = self.under_way.join_next().await {
            self.settle(ended).await;
        }
        let left: Vec<_> = self.held.values().map(|held| self.settled(held, Ending::Released)).collect();
        self.held.clear();
        self.ended.extend(left);
        for pause in [0, 1, 2] {
            sleep(Duration::from_secs(pause)).await;
            self.ended.write(&self.app).await;
            if self.ended.is_empty() {
                break;
            }
        }
    }
}
