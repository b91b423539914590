//! Which kinds of job a process can run, and how. Whoever starts the process fills it, as only that knows all features.

use std::{collections::BTreeMap, pin::Pin, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    Job, Outcome,
    context::{Context, Halt},
    retry::Retry,
    schedule::Schedule,
};
use crate::{base::error::Result, platform::app::App};

type Running = Pin<Box<dyn Future<Output = std::result::Result<Outcome, Halt>> + Send>>;
type Run = Arc<dyn Fn(Value, Context) -> Running + Send + Sync>;

#[derive(Clone)]
pub(super) struct Handler {
    pub run: Run,
    pub retry: Retry,
    /// Then a try is ended.
    pub longest: Duration,
    /// Of its kind in one process.
    pub at_once: i32,
    /// Of a step that is there without being asked for.
    pub schedule: Option<Schedule>,
}

#[derive(Clone, Default)]
pub struct Registry {
    handlers: BTreeMap<&'static str, Handler>,
}

const LONGEST_STEP: Duration = Duration::from_mins(10);
/// A step that has failed so often waits for its next turn.
const TRIES_OF_A_STEP: i32 = 5;

impl Registry {
    #[must_use]
    pub fn job<J: Job>(self) -> Self {
        let run: Run = Arc::new(|payload, context| {
            Box::pin(async move {
                let job: J = serde_json::from_value(payload).map_err(anyhow::Error::from)?;
                job.run(context).await
            })
        });
        self.with(J::KIND, Handler { run, retry: J::RETRY, longest: J::LONGEST, at_once: J::AT_ONCE, schedule: None })
    }

    /// A step that all instances together take once in each period. It says how many it found; after a full batch it is
    /// due again at once.
    #[must_use]
    pub fn step<S, F>(self, kind: &'static str, period: Duration, batch: usize, step: S) -> Self
    where
        S: Fn(App) -> F + Send + Sync + 'static,
        F: Future<Output = Result<usize>> + Send + 'static,
    {
        let run: Run = Arc::new(move |_, context| {
            let found = step(context.app().clone());
            Box::pin(async move { Ok(if found.await? >= batch { Outcome::Again } else { Outcome::Done }) })
        });
        let retry = Retry { max_attempts: TRIES_OF_A_STEP, ..Retry::USUAL };
        let schedule = Some(Schedule::Every(period));
        self.with(kind, Handler { run, retry, longest: LONGEST_STEP, at_once: 1, schedule })
    }

    fn with(mut self, kind: &'static str, handler: Handler) -> Self {
        let earlier = self.handlers.insert(kind, handler);
        assert!(earlier.is_none(), "two handlers for {kind}");
        self
    }

    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.handlers.keys().copied()
    }

    pub(super) fn find(&self, kind: &str) -> Option<(&'static str, &Handler)> {
        self.handlers.get_key_value(kind).map(|(kind, handler)| (*kind, handler))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &Handler)> {
        self.handlers.iter().map(|(kind, handler)| (*kind, handler))
    }
}
