//! One try of a job.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{
    Outcome,
    context::{Halt, Reason, describe},
    ending::Ending,
};
use crate::platform::panics;

pub(super) struct Finished {
    pub id: Uuid,
    pub lease_id: Uuid,
    /// None of a job that somebody else runs by now.
    pub ending: Option<Ending>,
}

pub(super) fn count_failure(kind: &'static str) {
    metrics::counter!("jobs_failures_total", "kind" => kind).increment(1);
}

/// One try, in a task of its own, so that a panic is a failure like others, and so is one that takes too long.
pub(super) async fn attempt(
    kind: &'static str,
    id: Uuid,
    lease_id: Uuid,
    longest: Duration,
    running: impl Future<Output = std::result::Result<Outcome, Halt>> + Send + 'static,
) -> Finished {
    let began = Instant::now();
    let ended = AbortOnDropHandle::new(tokio::spawn(timeout(longest, running))).await;
    metrics::histogram!("jobs_duration_seconds", "kind" => kind).record(began.elapsed());
    let ending = match ended {
        Ok(Ok(Ok(Outcome::Done))) => Some(Ending::Done(None)),
        Ok(Ok(Ok(Outcome::With(result)))) => Some(Ending::Done(Some(result))),
        Ok(Ok(Ok(Outcome::Again))) => Some(Ending::Again),
        Ok(Ok(Err(Halt::Asked(Reason::Cancelled)))) => Some(Ending::Cancelled),
        Ok(Ok(Err(Halt::Asked(Reason::Stopping)))) => Some(Ending::Released),
        Ok(Ok(Err(Halt::Asked(Reason::Lost)))) => None,
        Ok(Err(_)) => {
            count_failure(kind);
            tracing::warn!(job = %id, kind, ?longest, "a job took too long and was ended");
            Some(Ending::Failed(format!("it took longer than {} seconds and was ended", longest.as_secs())))
        }
        Ok(Ok(Err(Halt::Failed(cause)))) => {
            count_failure(kind);
            let text = describe(&cause);
            tracing::warn!(job = %id, kind, cause = format!("{:#}", anyhow::Error::from(cause)), "a job failed");
            Some(Ending::Failed(text))
        }
        Err(end) => {
            count_failure(kind);
            let panic = end.try_into_panic();
            let text = panic.as_ref().map_or("was cancelled", |panic| panics::text(&**panic));
            tracing::error!(job = %id, kind, panic = text, "a job panicked");
            Some(Ending::Failed("it panicked; the log tells more under the id of the job".to_owned()))
        }
    };
    Finished { id, lease_id, ending }
}
