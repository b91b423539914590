//! What a job that runs knows and may say.

use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    job::{Claimed, JobProgress},
    store,
};
use crate::{base::error::Error, platform::app::App};

/// Why a job does not go on.
#[derive(Debug)]
pub enum Halt {
    Failed(Error),
    Asked(Reason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody asked for its end.
    Cancelled,
    /// This process stops; the job goes on in another.
    Stopping,
    /// Its lease ran out, and another process may run it.
    Lost,
}

impl<E: Into<Error>> From<E> for Halt {
    fn from(cause: E) -> Self {
        Self::Failed(cause.into())
    }
}

/// Tells a job that it is to end.
#[derive(Default)]
pub(super) struct Signal {
    reason: OnceLock<Reason>,
    token: CancellationToken,
}

impl Signal {
    /// The first reason stands.
    pub fn halt(&self, reason: Reason) {
        let _ = self.reason.set(reason);
        self.token.cancel();
    }
}

#[derive(Clone)]
pub struct Context {
    app: App,
    id: Uuid,
    lease_id: Uuid,
    pub lab_id: Option<Uuid>,
    pub created_by: Option<Uuid>,
    /// From 1.
    pub attempt: i32,
    pub(super) signal: Arc<Signal>,
    progress: Arc<Mutex<Reported>>,
}

#[derive(Default)]
struct Reported {
    progress: JobProgress,
    written: Option<Instant>,
}

/// At most so often the database hears of progress; what was said last is written at the end.
const WRITTEN_EVERY: Duration = Duration::from_secs(1);

impl Context {
    pub(super) fn new(app: App, job: &Claimed) -> Self {
        Self {
            app,
            id: job.id,
            lease_id: job.lease_id,
            lab_id: job.lab_id,
            created_by: job.created_by,
            attempt: job.attempts,
            signal: Arc::default(),
            progress: Arc::new(Mutex::new(Reported { progress: job.progress.clone(), written: None })),
        }
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    /// To be asked with `?` wherever the job may end early.
    pub fn check(&self) -> Result<(), Halt> {
        if !self.signal.token.is_cancelled() {
            return Ok(());
        }
        Err(Halt::Asked(self.signal.reason.get().copied().unwrap_or(Reason::Lost)))
    }

    /// Ready when the job is to end; `check` says why.
    pub async fn halted(&self) {
        self.signal.token.cancelled().await;
    }

    /// Says how far it is, and hears whether it is to end. It takes a connection for a moment: the caller must hold
    /// none, as the embedded database has only one.
    pub async fn progress(&self, done: i64, total: Option<i64>, note: Option<&str>) -> Result<(), Halt> {
        self.check()?;
        let progress = JobProgress { done, total, note: note.map(str::to_owned) };
        {
            let mut reported = self.reported();
            reported.progress = progress.clone();
            if reported.written.is_some_and(|at| at.elapsed() < WRITTEN_EVERY) {
                return Ok(());
            }
            reported.written = Some(Instant::now());
        }
        let held = store::report(&mut *self.app.db().await?, self.id, self.lease_id, &progress).await?;
        match held {
            Some(false) => {}
            Some(true) => self.signal.halt(Reason::Cancelled),
            None => self.signal.halt(Reason::Lost),
        }
        self.check()
    }

    pub(super) fn last_progress(&self) -> JobProgress {
        self.reported().progress.clone()
    }

    fn reported(&self) -> MutexGuard<'_, Reported> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an owner reads of a failure: its class, and nothing that a request or a row may have brought along. The log has
/// the rest.
pub(super) fn describe(failure: &Error) -> String {
    match failure {
        Error::NotFound(what) => format!("{what} not found"),
        Error::Forbidden(why) => (*why).to_owned(),
        Error::Invalid(fields) => {
            let pointers: Vec<_> = fields.iter().map(|field| field.pointer.as_str()).collect();
            format!("refused fields: {}", pointers.join(", "))
        }
        Error::Rejected(refusal) => format!("refused: {:?}", refusal.reason),
        Error::Unavailable { service, .. } => format!("{service} is not available"),
        Error::Database(sqlx::Error::Database(cause)) => {
            format!("the database refused it: SQLSTATE {}", cause.code().unwrap_or_default())
        }
        _ => "it failed on our side; the log tells why under the id of the job".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::{Field, Reason as Refusal};

    #[test]
    fn what_an_owner_reads_of_a_failure_has_no_value_in_it() {
        let secret = "+12025550123";
        let failures = [
            Error::Internal(anyhow::anyhow!("no {secret}")),
            Error::Invalid(vec![Field::new("/phone", secret)]),
            Refusal::NameTaken.because(secret),
            Error::Unavailable { service: "database", cause: secret.to_owned() },
        ];
        let told = failures.each_ref().map(describe);
        assert!(told.iter().all(|text| !text.contains(secret)), "{told:?}");
        assert_eq!(told[1..3], ["refused fields: /phone", "refused: NameTaken"]);
    }
}
