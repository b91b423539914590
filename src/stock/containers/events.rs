//! The ledger as it is read: a page of it, and the end of it.

use chemistry::Unit;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    history::History,
    line::StockEvent,
    store, undo,
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

/// The ledger, newest first, each line with whether the reader can undo it.
pub async fn events(
    by: &Auth<Viewer>,
    container_id: Uuid,
    limit: Limit,
    cursor: Option<Cursor<i32>>,
) -> Result<Page<StockEvent>> {
    let list = List::new("events", &(by.lab_id(), container_id));
    let before = list.after(cursor)?.unwrap_or(i32::MAX);
    let mut db = by.lists().await?;
    let mut rows =
        store::events_before(&mut db, by.lab_id(), container_id, before, limit.plus_one(), by.keys().unseen()).await?;
    // Every container has its receipt, so nothing at all means no such container.
    if rows.is_empty() && before == i32::MAX {
        return Err(Error::NotFound("container"));
    }
    if by.role() < Role::Member {
        for event in &mut rows {
            event.undoable = Some(false);
        }
    } else if let Some(unit) = rows.first().map(|event| event.amount_after.unit) {
        // Nothing before the page stands in the way of what is on it.
        let since = rows.last().map_or(0, |last| last.seq);
        let mut history = store::history(&mut db, by.lab_id(), container_id, by.time_zone(), since, None).await?;
        if !history.knows_holder() {
            history = store::history(&mut db, by.lab_id(), container_id, by.time_zone(), 0, None).await?;
        }
        mark_undoable(&mut rows, &history, unit, &who(by));
    }
    for event in &mut rows {
        event.conceal(by.keys());
    }
    Ok(list.page(rows, limit, |event| event.seq))
}

fn mark_undoable(rows: &mut [StockEvent], history: &History, unit: Unit, who: &Who<'_>) {
    let Some(now) = history.replay(unit) else { return };
    for event in rows {
        event.undoable = history.find(event.id).map(|line| undo::is_undoable(&now, history, line, who));
    }
}

/// Of the ledger of a bottle, what [`allowed`](super::rights::allowed) needs: the newest event that can be reversed,
/// and all after it.
pub async fn recent<R: InLab>(db: &mut PgConnection, by: &Auth<R>, container_id: Uuid) -> Result<History> {
    let history = store::history(db, by.lab_id(), container_id, by.time_zone(), 0, Some(RECENT)).await?;
    if history.is_whole() || history.newest_reversible().is_some() {
        return Ok(history);
    }
    store::history(db, by.lab_id(), container_id, by.time_zone(), 0, None).await
}
