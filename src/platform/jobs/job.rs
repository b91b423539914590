//! A job as the database keeps it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::schedule::Schedule;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum JobState {
    /// Waits for its time, also between two tries.
    Queued,
    Running,
    Done,
    /// Tried as often as it may be: a dead letter, which an owner of the installation can repeat.
    Failed,
    Cancelled,
}

impl JobState {
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// As the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How far a job has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobProgress {
    #[schema(example = 1200)]
    pub done: i64,
    /// Null while nobody knows.
    #[schema(required = true, example = 3000)]
    pub total: Option<i64>,
    #[schema(required = true, example = "reading rows")]
    pub note: Option<String>,
}

/// Work that no request waits for. What it works on is not shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct StoredJob {
    pub id: Uuid,
    #[schema(example = "sweep_messages")]
    pub kind: String,
    pub state: JobState,
    /// Null for work of the whole installation.
    #[schema(required = true)]
    pub lab_id: Option<Uuid>,
    #[schema(required = true)]
    pub created_by: Option<Uuid>,
    #[schema(value_type = JobProgress)]
    pub progress: Json<JobProgress>,
    /// What it has made; null until it is done, and where there is nothing to tell.
    #[schema(value_type = Option<Object>, required = true)]
    pub result: Option<Value>,
    /// Why the last try failed; null if it did not.
    #[schema(required = true, example = "database is not available")]
    pub last_error: Option<String>,
    /// Tries so far, one that runs included.
    pub attempts: i32,
    #[schema(example = 10)]
    pub max_attempts: i32,
    /// Somebody asked for its end, which comes when it next looks.
    pub cancel_requested: bool,
    /// When it is due, or was.
    pub run_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    /// Of the last try.
    #[schema(required = true)]
    pub started_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub finished_at: Option<DateTime<Utc>>,
    /// Goes up with every change that can be seen.
    #[serde(skip)]
    pub version: i32,
}

/// A new row.
pub struct NewJob {
    pub id: Uuid,
    pub kind: &'static str,
    pub key: Option<String>,
    pub lab_id: Option<Uuid>,
    pub created_by: Option<Uuid>,
    pub payload: Value,
    pub schedule: Option<Schedule>,
    pub run_at: DateTime<Utc>,
    pub max_attempts: i32,
}

/// A job that is ours to run, until its lease ends.
#[derive(Debug, Clone, Deserialize)]
pub struct Claimed {
    pub id: Uuid,
    pub lease_id: Uuid,
    pub kind: String,
    pub lab_id: Option<Uuid>,
    pub created_by: Option<Uuid>,
    pub payload: Value,
    /// As it is written: another version may know more of them.
    pub schedule: Option<Value>,
    /// This one included.
    pub attempts: i32,
    pub max_attempts: i32,
    pub cancel_requested: bool,
    pub progress: JobProgress,
    pub last_error: Option<String>,
    /// Whoever ran it before did not say how it ended.
    pub was_lost: bool,
}

impl Claimed {
    pub fn read_schedule(&self) -> serde_json::Result<Option<Schedule>> {
        self.schedule.as_ref().map(Schedule::deserialize).transpose()
    }
}

/// What becomes of a job after a try.
#[derive(Debug, Serialize)]
pub struct Settled {
    pub id: Uuid,
    pub lease_id: Uuid,
    /// Unless it goes on by its schedule.
    pub state: JobState,
    /// Of one that is queued again.
    pub run_at: Option<DateTime<Utc>>,
    /// By the schedule that it had when it was claimed.
    pub next_run: Option<DateTime<Utc>>,
    pub schedule: Option<Value>,
    pub attempts: i32,
    #[serde(flatten)]
    pub progress: JobProgress,
    pub result: Option<Value>,
    pub last_error: Option<String>,
}
