//! The ledger as it is read: a page of it, and the end of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    counting::Counting,
    history::{History, Obstacle, WHOLE},
    ledger::Situation,
    line::StockEvent,
    store::{self, Present},
    undo,
    who::{Who, who},
};
use crate::{
    auth::{Auth, InLab, Role, Viewer},
    base::{
        error::{Error, Result},
        page::{Cursor, Limit, List, Page},
    },
};

/// Events among which there is nearly always one that can be reversed.
const RECENT: i64 = 50;

/// The last event of a page, and what the next page has to know of those after its own, so that it need not read them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Key {
    seq: i32,
    /// The bottle's version up to which `later` is right; once something else was booked, it is worked out anew.
    version: i32,
    /// What stands in the way of an undo on the pages to come.
    later: BTreeSet<Obstacle>,
}

/// The ledger, newest first, each line with whether the reader can undo it.
pub async fn events(
    by: &Auth<Viewer>,
    container_id: Uuid,
    limit: Limit,
    cursor: Option<Cursor<Key>>,
) -> Result<Page<StockEvent>> {
    let list = List::new("events", &(by.lab_id(), container_id));
    let after = list.after(cursor)?;
    let before = after.as_ref().map_or(i32::MAX, |key| key.seq);
    let mut db = by.lists().await?;
    let rows =
        store::events_before(&mut db, by.lab_id(), container_id, before, limit.plus_one(), by.keys().unseen()).await?;
    let Some((mut rows, now)) = rows else {
        // Every container has its receipt, so a first page without lines means that there is no such container.
        let unseen = by.keys().unseen();
        if after.is_none()
            || store::events_before(&mut db, by.lab_id(), container_id, i32::MAX, 1, unseen).await?.is_none()
        {
            return Err(Error::NotFound("container"));
        }
        return Ok(Page { items: Vec::new(), next_cursor: None });
    };
    for event in &mut rows {
        event.conceal(by.keys());
    }
    if by.role() < Role::Member {
        for event in &mut rows {
            event.undoable = Some(false);
        }
        return Ok(list.page(rows, limit, |event| Key { seq: event.seq, version: 0, later: BTreeSet::new() }));
    }
    // Nothing before the page stands in the way of what is on it.
    let since = rows.last().map_or(0, |last| last.seq);
    let known = after.filter(|key| key.version == now.version);
    let seqs = since..known.as_ref().map_or(WHOLE.end, |key| key.seq);
    let history = store::history(&mut db, by.lab_id(), container_id, by.time_zone(), seqs, None).await?;
    let history = history.before(known.map_or_else(BTreeSet::new, |key| key.later));
    let (version, now) = (now.version, situation(&now));
    mark_undoable(&mut rows, &history, &now, &who(by));
    let reversible = undo::newest_that_can_be_undone(&now, &history, &who(by)).map(|line| line.seq);
    Ok(list.page(rows, limit, |event| {
        let mut later = history.obstacles_from(event.seq);
        later.extend(reversible.filter(|seq| *seq >= event.seq).map(|_| Obstacle::Reversible));
        Key { seq: event.seq, version, later }
    }))
}

fn mark_undoable(rows: &mut [StockEvent], history: &History, now: &Situation, who: &Who<'_>) {
    for event in rows {
        event.undoable = history.find(event.id).map(|line| undo::is_undoable(now, history, line, who));
    }
}

/// The bottle, as far as it decides whether an undo succeeds; what the undo would make of the rest is not asked.
fn situation(now: &Present) -> Situation {
    Situation {
        state: now.state,
        amount: now.amount,
        unit: now.unit,
        location_id: now.location_id,
        opened_on: None,
        came_opened: false,
        holder_id: now.holder_id,
        tare: None,
        counting: Counting::default(),
    }
}

/// Of the ledger of a bottle, what [`allowed`](super::rights::allowed) needs: the newest event that can be reversed,
/// and all after it.
pub async fn recent<R: InLab>(db: &mut PgConnection, by: &Auth<R>, container_id: Uuid) -> Result<History> {
    let history = store::history(db, by.lab_id(), container_id, by.time_zone(), WHOLE, Some(RECENT)).await?;
    if history.is_whole() || history.newest_reversible().is_some() {
        return Ok(history);
    }
    store::history(db, by.lab_id(), container_id, by.time_zone(), WHOLE, None).await
}
