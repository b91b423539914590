//! A list that somebody uploaded, and its last run, as people see them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::options::ImportOptions;
use crate::{base::version::Versioned, exchange::imports::Report, platform::jobs::JobState};

/// After the last use.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(7);

/// What has become of an uploaded list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Nobody has had it run yet.
    Uploaded,
    /// Its run waits for its turn, also between two tries.
    Queued,
    Running,
    /// The last run has ended; `run.report` says what came of it.
    Done,
    /// The last run could not import the list at all; `run.refusal` says why.
    Refused,
    /// The last run failed on our side, as often as it may be tried. What it brought before stays.
    Failed,
    /// Somebody cancelled the last run. What it brought before stays.
    Cancelled,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportColumn {
    #[schema(example = "Container Number")]
    pub header: String,
    /// What it is taken for; null where nobody knows, and for a column that the import itself wrote.
    #[schema(required = true, example = "code")]
    pub column: Option<String>,
    /// The unit in the header, which holds for the cells.
    #[schema(required = true, example = json!(null))]
    pub unit: Option<String>,
}

/// What came of a run, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    /// Rows.
    #[schema(example = 120)]
    pub read: u64,
    /// Bottles that came in.
    #[schema(example = 117)]
    pub added: u64,
    /// Rows whose bottle was there already.
    #[schema(example = 1)]
    pub unchanged: u64,
    /// Rows that were refused: `corrections.csv` has them with the reasons.
    #[schema(example = 2)]
    pub failed: u64,
    /// Paths of the locations that were made.
    #[schema(example = json!(["Main building > Room 214"]))]
    pub locations: Vec<String>,
    /// What should be looked at, with the lines.
    #[schema(example = json!(["line 7: the unit `oz` was read as [oz_av] (28.35 g)"]))]
    pub warnings: Vec<String>,
    /// Whether there is a file of corrections.
    pub has_corrections: bool,
    /// Whether there is a file of made codes.
    pub has_codes: bool,
}

/// What a run of a list has come to; one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub report: Option<ImportReport>,
    pub refusal: Option<String>,
}

/// The last run of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportRun {
    /// `GET /v1/jobs/{job_id}` says how far it is.
    pub job_id: Uuid,
    /// Whether it only says what would happen.
    pub dry_run: bool,
    /// Null until it has ended.
    #[schema(required = true)]
    pub report: Option<ImportReport>,
    /// Why the list could not be imported at all; null where it could.
    #[schema(required = true, example = json!(null))]
    pub refusal: Option<String>,
}

/// A list that was uploaded, to be imported into the lab.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Import {
    pub id: Uuid,
    /// Codes that are made follow from it.
    #[schema(example = "october.csv")]
    pub name: String,
    /// In bytes.
    #[schema(example = 48_213)]
    pub size: i64,
    /// Of its bytes, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,
    pub state: ImportState,
    pub columns: Vec<ImportColumn>,
    /// The first rows, cell by cell, each cut off after a hundred characters.
    #[schema(example = json!([["B-1", "acetonitrile", "500 mL"]]))]
    pub sample: Vec<Vec<String>>,
    /// Columns that an import needs and that the file does not have under a known heading.
    #[schema(example = json!([]))]
    pub missing: Vec<String>,
    /// What is odd about the columns.
    #[schema(example = json!([]))]
    pub warnings: Vec<String>,
    /// Of the last run; before it, what it would have unless another is sent.
    pub options: ImportOptions,
    /// Null until somebody has it run.
    #[schema(required = true)]
    pub run: Option<ImportRun>,
    pub created_by: Uuid,
    pub created_at: DateTime<Utc>,
    /// Then the file is dropped, unless it is used before.
    pub kept_until: DateTime<Utc>,
    pub version: i32,
}

impl Versioned for Import {
    fn version(&self) -> i32 {
        self.version
    }
}

/// An uploaded list without what stands in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ImportSummary {
    pub id: Uuid,
    #[schema(example = "october.csv")]
    pub name: String,
    /// In bytes.
    #[schema(example = 48_213)]
    pub size: i64,
    pub state: ImportState,
    /// Whether the last run only says what would happen.
    pub dry_run: bool,
    pub created_by: Uuid,
    pub created_at: DateTime<Utc>,
    pub kept_until: DateTime<Utc>,
}

/// The state of the last run, from its job as long as that is kept.
pub fn state(job_id: Option<Uuid>, job: Option<JobState>, outcome: Option<&Outcome>) -> ImportState {
    match (job_id, job, outcome) {
        (None, ..) => ImportState::Uploaded,
        (_, Some(JobState::Queued), None) => ImportState::Queued,
        (_, Some(JobState::Running), None) => ImportState::Running,
        (_, Some(JobState::Cancelled), None) => ImportState::Cancelled,
        (.., Some(outcome)) if outcome.refusal.is_some() => ImportState::Refused,
        (.., Some(_)) => ImportState::Done,
        (.., None) => ImportState::Failed,
    }
}

/// Lists have a few lines for each thing that is odd; more would be no help.
const MOST_TOLD: usize = 500;

impl ImportReport {
    pub fn of(report: &Report, tell: impl Fn(&str) -> String) -> Self {
        let told = |all: &[String]| {
            let mut told: Vec<_> = all.iter().take(MOST_TOLD).map(|text| tell(text)).collect();
            told.extend((all.len() > MOST_TOLD).then(|| format!("and {} more", all.len() - MOST_TOLD)));
            told
        };
        Self {
            read: report.read,
            added: report.added,
            unchanged: report.unchanged,
            failed: report.failed,
            locations: told(&report.locations),
            warnings: told(&report.warnings),
            has_corrections: report.corrections.is_some(),
            has_codes: report.codes.is_some(),
        }
    }
}
