//! Lines as they are stored, whichever table has them: the journal's own, and the events of the ledger.

mod store;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::error::Result;

/// Which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub lab_id: Uuid,
    /// Of `stock_events`, or else of `journal`.
    pub in_ledger: bool,
    pub id: Uuid,
}

pub struct Line {
    /// What is hashed.
    pub canonical: String,
    pub at: DateTime<Utc>,
}

/// Those of them that there are.
pub async fn read(db: &mut PgConnection, keys: &[Key]) -> Result<HashMap<Key, Line>> {
    let (in_ledger, in_journal): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.in_ledger);
    let mut lines = HashMap::with_capacity(keys.len());
    if !in_ledger.is_empty() {
        for row in store::ledger_rows(db, &labs(&in_ledger), &ids(&in_ledger)).await? {
            let key = Key { lab_id: row.lab_id, in_ledger: true, id: row.id };
            lines.insert(key, Line { canonical: row.canonical(), at: row.recorded_at });
        }
    }
    if !in_journal.is_empty() {
        for row in store::journal_rows(db, &labs(&in_journal), &ids(&in_journal)).await? {
            let key = Key { lab_id: row.lab_id, in_ledger: false, id: row.id };
            lines.insert(key, Line { canonical: row.canonical(), at: row.at });
        }
    }
    Ok(lines)
}

fn labs(keys: &[&Key]) -> Vec<Uuid> {
    keys.iter().map(|key| key.lab_id).collect()
}

fn ids(keys: &[&Key]) -> Vec<Uuid> {
    keys.iter().map(|key| key.id).collect()
}
