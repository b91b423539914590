//! What becomes of a job after a try.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    job::{Claimed, JobProgress, JobState, Settled},
    retry::Retry,
};

/// How a try ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    Done(Option<Value>),
    /// There is more to do.
    Again,
    /// With what an owner may read of it.
    Failed(String),
    Cancelled,
    /// This process stops: the try does not count.
    Released,
}

pub(super) fn settle(
    job: &Claimed,
    progress: JobProgress,
    ending: Ending,
    (retry, chance): (Retry, u8),
    now: DateTime<Utc>,
) -> Settled {
    let next = job.schedule.map(|schedule| schedule.next_after(now));
    let mut settled = Settled {
        id: job.id,
        lease_id: job.lease_id,
        state: JobState::Queued,
        run_at: Some(now),
        attempts: job.attempts,
        progress,
        result: None,
        last_error: None,
    };
    match ending {
        Ending::Done(result) => {
            settled.result = result;
            if next.is_some() {
                (settled.run_at, settled.attempts) = (next, 0);
            } else {
                (settled.run_at, settled.state) = (None, JobState::Done);
            }
        }
        Ending::Again => settled.attempts = 0,
        Ending::Cancelled => (settled.run_at, settled.state) = (None, JobState::Cancelled),
        Ending::Released => {
            settled.attempts = (job.attempts - 1).max(0);
            settled.last_error.clone_from(&job.last_error);
        }
        Ending::Failed(why) => {
            settled.last_error = Some(why);
            if job.attempts < job.max_attempts {
                settled.run_at = Some(now + retry.pause(job.attempts, chance));
            } else if next.is_some() {
                // The next run is the repeat.
                (settled.run_at, settled.attempts) = (next, 0);
            } else {
                (settled.run_at, settled.state) = (None, JobState::Failed);
            }
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::{super::schedule::Schedule, *};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn after(attempts: i32, schedule: Option<Schedule>, ending: Ending) -> (JobState, Option<i64>, i32) {
        let job = Claimed {
            id: Uuid::nil(),
            lease_id: Uuid::nil(),
            kind: "test".to_owned(),
            lab_id: None,
            created_by: None,
            payload: Value::Null,
            schedule,
            attempts,
            max_attempts: 3,
            cancel_requested: false,
            progress: JobProgress::default(),
            last_error: None,
            was_lost: false,
        };
        let settled = settle(&job, JobProgress::default(), ending, (Retry::USUAL, 0), NOW);
        (settled.state, settled.run_at.map(|at| (at - NOW).num_seconds()), settled.attempts)
    }

    #[test]
    fn a_job_waits_ends_or_becomes_a_dead_letter() {
        let failed = || Ending::Failed("no".to_owned());
        let each_minute = Some(Schedule::Every(Duration::from_mins(1)));
        #[rustfmt::skip]
        let cases = [
            (1, None, Ending::Done(None), (JobState::Done, None, 1)),
            (1, None, Ending::Again, (JobState::Queued, Some(0), 0)),
            (1, None, failed(), (JobState::Queued, Some(5), 1)),
            (2, None, failed(), (JobState::Queued, Some(10), 2)),
            (3, None, failed(), (JobState::Failed, None, 3)),
            // It died so often while it ran that nobody could say so.
            (4, None, failed(), (JobState::Failed, None, 4)),
            (2, None, Ending::Cancelled, (JobState::Cancelled, None, 2)),
            (2, None, Ending::Released, (JobState::Queued, Some(0), 1)),
            (2, each_minute, Ending::Done(None), (JobState::Queued, Some(60), 0)),
            (2, each_minute, failed(), (JobState::Queued, Some(10), 2)),
            (3, each_minute, failed(), (JobState::Queued, Some(60), 0)),
        ];
        for (attempts, schedule, ending, expected) in cases {
            let case = format!("{ending:?} of attempt {attempts}, {schedule:?}");
            assert_eq!(after(attempts, schedule, ending), expected, "{case}");
        }
    }
}
