//! What becomes of a job after a try.

use chrono::{DateTime, TimeDelta, Utc};
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

/// When this version looks again at a schedule that it cannot read.
const UNREADABLE_PAUSE: TimeDelta = TimeDelta::hours(1);

pub(super) fn settle(
    job: &Claimed,
    progress: JobProgress,
    ending: Ending,
    (retry, chance): (Retry, u8),
    now: DateTime<Utc>,
) -> Settled {
    let next_run = match job.read_schedule() {
        Ok(schedule) => schedule.map(|schedule| schedule.next_after(now)),
        Err(_) => Some(now + UNREADABLE_PAUSE),
    };
    let mut settled = Settled {
        id: job.id,
        lease_id: job.lease_id,
        state: JobState::Queued,
        run_at: Some(now),
        next_run,
        schedule: job.schedule.clone(),
        attempts: job.attempts,
        progress,
        result: None,
        last_error: None,
    };
    match ending {
        Ending::Done(result) => {
            settled.result = result;
            (settled.run_at, settled.state) = (None, JobState::Done);
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

    use serde_json::json;
    use uuid::Uuid;

    use super::{super::schedule::Schedule, *};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// The state, when it is due and when by its schedule, and its tries.
    fn after(attempts: i32, schedule: Option<Value>, ending: Ending) -> (JobState, Option<i64>, Option<i64>, i32) {
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
        let seconds = |at: Option<DateTime<Utc>>| at.map(|at| (at - NOW).num_seconds());
        (settled.state, seconds(settled.run_at), seconds(settled.next_run), settled.attempts)
    }

    #[test]
    fn a_job_waits_ends_or_becomes_a_dead_letter() {
        let failed = || Ending::Failed("no".to_owned());
        let each_minute = || Some(serde_json::to_value(Schedule::Every(Duration::from_mins(1))).unwrap());
        let of_another_version = || Some(json!({ "fortnightly": "monday" }));
        #[rustfmt::skip]
        let cases = [
            (1, None, Ending::Done(None), (JobState::Done, None, None, 1)),
            (1, None, Ending::Again, (JobState::Queued, Some(0), None, 0)),
            (1, None, failed(), (JobState::Queued, Some(5), None, 1)),
            (2, None, failed(), (JobState::Queued, Some(10), None, 2)),
            (3, None, failed(), (JobState::Failed, None, None, 3)),
            // It died so often while it ran that nobody could say so.
            (4, None, failed(), (JobState::Failed, None, None, 4)),
            (2, None, Ending::Cancelled, (JobState::Cancelled, None, None, 2)),
            (2, None, Ending::Released, (JobState::Queued, Some(0), None, 1)),
            (2, each_minute(), Ending::Done(None), (JobState::Done, None, Some(60), 2)),
            (2, each_minute(), failed(), (JobState::Queued, Some(10), Some(60), 2)),
            (3, each_minute(), failed(), (JobState::Failed, None, Some(60), 3)),
            (3, of_another_version(), failed(), (JobState::Failed, None, Some(3600), 3)),
        ];
        for (attempts, schedule, ending, expected) in cases {
            let case = format!("{ending:?} of attempt {attempts}, {schedule:?}");
            assert_eq!(after(attempts, schedule, ending), expected, "{case}");
        }
    }
}
