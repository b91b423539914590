//! Whether the table of jobs is as the model says.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Both,
    rules::{Job, State},
};

#[derive(Debug, sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "a row of answers")]
struct Row {
    id: Uuid,
    state: String,
    payload: Value,
    run_at: DateTime<Utc>,
    attempts: i32,
    is_leased: bool,
    lease_until: Option<DateTime<Utc>>,
    is_scheduled: bool,
    cancel_requested: bool,
    has_error: bool,
    is_finished: bool,
}

impl Both {
    /// Waits for what another task is about to write.
    pub async fn until_the_same(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let rows = sqlx::query_as(
                "select id, state, payload, run_at, attempts, lease_id is not null as is_leased, lease_until,
                    schedule is not null as is_scheduled, cancel_requested, last_error is not null as has_error,
                    finished_at is not null as is_finished
                from jobs",
            );
            let rows: Vec<Row> = rows.fetch_all(&self.app.db).await.unwrap();
            match self.difference(&rows).or_else(|| self.other_beginnings()) {
                None => break self.learn(&rows),
                Some(what) => assert!(Instant::now() < deadline, "{what}\nafter\n{}", self.told.join("\n")),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// A job has its lease a moment before its work begins.
    fn other_beginnings(&self) -> Option<String> {
        let begun = self.app.app.part(|_| super::Begun::default());
        let begun = begun.0.lock().unwrap();
        (*begun != self.begun).then(|| format!("begun are to be {:?}, and are {begun:?}", self.begun))
    }

    fn difference(&self, rows: &[Row]) -> Option<String> {
        let rows: HashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
        let live = self.world.jobs.iter().filter(|job| job.state != State::Gone).count();
        let differs = self.ids.iter().zip(&self.world.jobs).enumerate().find_map(|(number, (id, job))| {
            let row = rows.get(id);
            let is_same = match row {
                None => job.state == State::Gone,
                Some(row) => self.is_same(row, job),
            };
            (!is_same).then(|| format!("{number} is to be {job:?}, and is {row:?}"))
        });
        differs.or_else(|| (rows.len() != live).then(|| format!("{} rows for {live} jobs", rows.len())))
    }

    fn is_same(&self, row: &Row, job: &Job) -> bool {
        let state = match job.state {
            State::Queued => "queued",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
            State::Gone => return false,
        };
        let is_due = (job.due.0..=job.due.1).contains(&self.seconds(row.run_at));
        let is_running = job.state == State::Running;
        let lease = row.lease_until.map(|at| self.seconds(at));
        row.state == state
            && row.payload["work"] == job.work
            && row.attempts == job.tries
            && (row.is_leased, lease) == (is_running, is_running.then_some(job.lease_ends))
            && (job.state != State::Queued || is_due)
            && row.is_scheduled == job.every.is_some()
            && (!job.is_live() || row.cancel_requested == job.is_asked_to_end)
            && (is_running || row.has_error == job.has_error)
            && row.is_finished != job.is_live()
    }

    /// When a job that failed is due, chance has decided.
    fn learn(&mut self, rows: &[Row]) {
        for row in rows.iter().filter(|row| row.state == "queued") {
            let number = self.ids.iter().position(|id| *id == row.id).unwrap();
            let due = self.seconds(row.run_at);
            self.world.jobs[number].due = (due, due);
        }
    }

    /// The clock moves by whole seconds, so what is due within one is due at its end.
    fn seconds(&self, at: DateTime<Utc>) -> i64 {
        let micros = (at - self.began).num_microseconds().unwrap();
        micros.div_euclid(1_000_000) + i64::from(micros % 1_000_000 > 0)
    }
}
