//! The notary gives each line of a lab its position, in the order in which lines became visible, and its hash, which
//! depends on all lines before it. Whoever has read the chain up to a position goes on from there, as nothing is ever
//! put in before it.
//!
//! Ids and times are taken when a line is written, and lines appear when their transaction commits: whoever remembers
//! the highest one skips what commits later. So the notary remembers a snapshot of Postgres. What a later snapshot
//! shows and an earlier one does not is exactly what became visible in between. A step is one statement that looks,
//! and one that writes: the positions and the new snapshot, if no other notary was faster. A crash leaves all of a
//! step or nothing.
//!
//! Numbers of transactions belong to one server. After a restore from a dump, or on a standby that was promoted, the
//! notary walks over all lines once and numbers those that have no position, and so it does the first time.

mod snapshot;
mod store;

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgTransaction};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::snapshot::Snapshot;
use super::{
    canonical::{Hash, NO_HASH, chained},
    lines::{self, Key, Line},
};
use crate::{
    base::{error::Result, secrets::hex},
    platform::app::App,
};

/// Of log lines and metrics.
pub const NAME: &str = "number lines";

/// Of more lines than it looks at a step takes this many.
const BATCH: usize = 5_000;
/// It looks at twice as many, as a transaction of a low number may have waited for one of a high number.
const LOOKED_AT: usize = 2 * BATCH;
/// After so many transactions without a line the snapshot is renewed.
const LONGEST_STRETCH: i64 = 5_000;
/// Between two steps while there are lines.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// While there are none.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// As the database keeps it.
struct State {
    version: i64,
    generation: String,
    /// The lines of the transactions that it shows have their positions.
    done: Snapshot,
    /// Up to which lab and line the walk over all lines has come; none when it has ended.
    walked: Option<(Uuid, Uuid)>,
}

struct Look {
    state: State,
    /// The server and its timeline.
    generation: String,
    now: Snapshot,
    /// In their order, each with its transaction; of too many those of the lowest transactions.
    lines: Vec<(i64, Key)>,
}

/// What is written at once.
struct Step {
    /// The one that the step begins at.
    version: i64,
    generation: String,
    done: Snapshot,
    walked: Option<(Uuid, Uuid)>,
    lines: Vec<(Key, i64, Hash)>,
}

/// Numbers what there is to number, as much as is good for one step, and says how many lines it looked at.
pub async fn step(app: &App) -> Result<usize> {
    let mut db = app.db().await?;
    let looked = store::look(&mut db, limit(LOOKED_AT)).await?;
    let is_new_server = looked.generation != looked.state.generation || looked.now.below < looked.state.done.below;
    let Look { state, generation, now, mut lines } = looked;
    let step = |done, walked, lines| Step { version: state.version, generation, done, walked, lines };
    if is_new_server {
        tracing::info!("numbers of transactions begin anew: the notary walks over all lines once");
        let from_the_start = Some((Uuid::nil(), Uuid::nil()));
        return Ok(usize::from(store::write_step(&mut db, &step(now, from_the_start, Vec::new())).await?));
    }
    if lines.is_empty() && state.walked.is_none() {
        // Lines of another server's time may have numbers in between, which every look would pass over.
        if now.below - state.done.below >= LONGEST_STRETCH {
            let done = state.done.advanced(&now, None);
            store::write_step(&mut db, &step(done, None, Vec::new())).await?;
        }
        return Ok(0);
    }
    let mut tx = db.begin().await?;
    // Another notary is at this step, or has taken it: to read the same lines would be in vain.
    if !store::lock(&mut tx, state.version).await? {
        return Ok(0);
    }
    if let Some(walked) = state.walked {
        return walk(tx, state, walked).await;
    }
    let (mut reached, mut left) = (None, Vec::new());
    if lines.len() >= LOOKED_AT {
        reached = lines.iter().map(|(xid, _)| *xid).max();
        left = lines.split_off(BATCH);
    }
    let done = state.done.advanced(&now, reached).without(left.into_iter().map(|(xid, _)| xid));
    let (chained, written) = chain(&mut tx, lines.into_iter().map(|(_, key)| key).collect()).await?;
    let step = step(done, None, chained);
    if !end(tx, &step).await? {
        return Ok(0);
    }
    drop(db);
    show(&written, app.clock.now());
    Ok(step.lines.len())
}

/// A step of the walk over all lines.
async fn walk(mut tx: PgTransaction<'_>, state: State, walked: (Uuid, Uuid)) -> Result<usize> {
    let (new, last, passed) = store::walk(&mut tx, walked, &state.done, limit(BATCH)).await?;
    let walked = last.filter(|_| passed >= limit(BATCH));
    let (lines, _) = chain(&mut tx, new).await?;
    let step = Step { version: state.version, generation: state.generation, done: state.done, walked, lines };
    if !end(tx, &step).await? {
        return Ok(0);
    }
    show_walk(&step);
    // The end of a walk is worth another look.
    Ok(step.lines.len().max(1))
}

/// Writes the step, and says whether it did.
#[expect(clippy::disallowed_methods, reason = "positions of lines, which are no change of their own")]
async fn end(mut tx: PgTransaction<'_>, step: &Step) -> Result<bool> {
    let is_written = store::write_step(&mut tx, step).await?;
    tx.commit().await?;
    Ok(is_written)
}

fn limit(lines: usize) -> i64 {
    i64::try_from(lines).unwrap_or(i64::MAX)
}

/// The position and the hash of each line, after those that its lab has.
async fn chain(db: &mut sqlx::PgConnection, keys: Vec<Key>) -> Result<(Vec<(Key, i64, Hash)>, Vec<DateTime<Utc>>)> {
    if keys.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut lines = lines::read(db, &keys).await?;
    let mut labs: Vec<_> = keys.iter().map(|key| key.lab_id).collect();
    labs.sort_unstable();
    labs.dedup();
    let heads = store::heads(db, &labs).await?.into_iter();
    let mut heads: HashMap<_, _> = heads.map(|(lab_id, position, hash)| (lab_id, (position, hash))).collect();
    let (mut chain, mut written) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
    for key in keys {
        // Lines stay, so one that is not there now was removed by force.
        let Some(Line { canonical, at }) = lines.remove(&key) else { continue };
        let head = heads.entry(key.lab_id).or_insert((0, NO_HASH));
        *head = (head.0 + 1, chained(&head.1, &canonical));
        chain.push((key, head.0, head.1));
        written.push(at);
    }
    Ok((chain, written))
}

/// How long the lines waited is not shown: some are older than the notary.
fn show_walk(step: &Step) {
    metrics::counter!("journal_numbered_total").increment(step.lines.len() as u64);
    if let Some((lab_id, _)) = step.walked {
        tracing::info!(%lab_id, "the notary walks over all lines and has come to this lab");
    } else {
        tracing::info!("the notary has walked over all lines");
    }
}

fn show(written: &[DateTime<Utc>], now: DateTime<Utc>) {
    metrics::counter!("journal_numbered_total").increment(written.len() as u64);
    let lag = metrics::histogram!("journal_lag_seconds");
    for at in written {
        lag.record((now - *at).to_std().unwrap_or_default().as_secs_f64());
    }
}

/// The lines that have no position.
pub struct Waiting {
    /// The notary has to walk over all lines first, or is at it: only what has come since is counted.
    pub walks: bool,
    /// At most [`MOST_COUNTED`].
    pub count: i64,
    /// When the first was written.
    pub since: Option<DateTime<Utc>>,
}

pub const MOST_COUNTED: i64 = 10_000;

/// What waits of all that was written before this moment; none in a database whose migrations have not run.
pub async fn waiting(db: &mut sqlx::PgConnection, before: DateTime<Utc>) -> Result<Option<Waiting>> {
    Ok(if store::is_there(db).await? { Some(store::waiting(db, before, MOST_COUNTED).await?) } else { None })
}

/// Background step: shows for how long the first line has waited for its position. While the notary walks over all
/// lines, that is the first of those that have come meanwhile.
pub async fn measure(app: App) -> Result<usize> {
    let mut db = app.db().await?;
    let now = app.clock.now();
    let since = store::waiting(&mut db, now, 1).await?.since;
    let waited = since.map_or(Duration::ZERO, |since| (now - since).to_std().unwrap_or_default());
    metrics::gauge!("journal_oldest_seconds").set(waited.as_secs_f64());
    Ok(0)
}

/// Background step: tells the log the head of each lab that has new lines. Whoever keeps the log elsewhere can prove
/// by it that no line from before was changed since. A head that is no longer the one that was told is an error.
pub async fn tell_heads(app: App) -> Result<usize> {
    let mut db = app.db().await?;
    for (lab_id, position) in store::other_heads(&mut db).await? {
        tracing::error!(%lab_id, position, "the head of the journal at this position is not the one that was told");
    }
    let told = store::tell_heads(&mut db, app.clock.now()).await?;
    for (lab_id, position, hash) in &told {
        tracing::info!(%lab_id, position, hash = hex(hash), "the head of the journal");
    }
    Ok(told.len())
}

#[derive(Default)]
struct Bell(Notify);

fn bell(app: &App) -> Arc<Bell> {
    app.part(|_| Bell::default())
}

/// To be called when this process has written a line: its notary, where it rests, looks at once. Those of other
/// processes look once a second.
pub fn ring(app: &App) {
    bell(app).0.notify_one();
}

/// Until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let (bell, mut pause) = (bell(&app), SHORTEST_PAUSE);
    while !stop.is_cancelled() {
        let begun = Instant::now();
        pause = match step(&app).await {
            Ok(BATCH..) => continue,
            Ok(0) => LONGEST_PAUSE.min(pause * 2),
            Ok(_) => SHORTEST_PAUSE,
            Err(cause) => {
                metrics::counter!("worker_step_failures_total", "step" => NAME).increment(1);
                tracing::warn!(step = NAME, cause = &cause as &dyn std::error::Error, "step failed");
                AFTER_FAILURE
            }
        };
        let rests = pause > SHORTEST_PAUSE && pause < AFTER_FAILURE;
        tokio::select! {
            () = bell.0.notified(), if rests => pause = SHORTEST_PAUSE,
            () = sleep_until(begun + pause) => {}
            () = stop.cancelled() => {}
        }
    }
}
