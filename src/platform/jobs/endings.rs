//! Writes down how jobs ended: together, in one statement for many.

use uuid::Uuid;

use super::{
    ANSWERS_WITHIN,
    job::{JobProgress, JobState, Settled},
    store,
};
use crate::{
    base::error::{Error, Result},
    platform::{app::App, lanes},
};

/// What an owner reads of a result that Postgres does not take, such as a text with U+0000.
const UNWRITABLE: &str = "what it made cannot be written down; the log tells why under the id of the job";

/// Those that are not written down yet. Their leases are prolonged until they are.
#[derive(Default)]
pub(super) struct Endings {
    waiting: Vec<Settled>,
}

impl Endings {
    pub fn extend(&mut self, ended: impl IntoIterator<Item = Settled>) {
        self.waiting.extend(ended);
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn leases(&self) -> impl Iterator<Item = (Uuid, Uuid)> {
        self.waiting.iter().map(|ended| (ended.id, ended.lease_id))
    }

    /// While the database is away they wait. When it refuses them each is written by itself, so that one result keeps
    /// no other from being written.
    pub async fn write(&mut self, app: &App) {
        let mut batches = vec![std::mem::take(&mut self.waiting)];
        while let Some(mut batch) = batches.pop().filter(|batch| !batch.is_empty()) {
            let Err(cause) = lanes::within(ANSWERS_WITHIN, write(app, &batch)).await else { continue };
            let jobs: Vec<_> = batch.iter().map(|ended| ended.id).collect();
            tracing::error!(cause = &cause as &dyn std::error::Error, ?jobs, "cannot write down how jobs ended");
            if let Error::Unavailable { .. } = cause {
                self.waiting = batches.into_iter().flatten().chain(batch).collect();
                return;
            }
            if batch.len() > 1 {
                batches.extend(batch.into_iter().map(|one| vec![one]));
            } else if batch.iter_mut().all(Settled::make_writable) {
                batches.push(batch);
            }
        }
    }
}

async fn write(app: &App, ended: &[Settled]) -> Result<()> {
    store::settle(&mut *app.db().await?, ended, app.clock.now()).await
}

impl Settled {
    /// Leaves out what the job itself has said; false if that was left out already: then its lease runs out.
    fn make_writable(&mut self) -> bool {
        if self.last_error.as_deref() == Some(UNWRITABLE) {
            return false;
        }
        (self.result, self.progress) = (None, JobProgress::default());
        self.last_error = Some(UNWRITABLE.to_owned());
        if self.state == JobState::Done {
            self.state = JobState::Failed;
        }
        true
    }
}
