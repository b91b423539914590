//! Rows of lists that came in before, so that they are known whatever a person has made of their entries since.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    base::error::Result,
    catalogue::chemicals::{
        NewChemical, store,
        trace::{Trace, Traced},
    },
};

/// What is kept of a row that came in.
pub struct Brought<'t> {
    pub content: &'t [u8],
    pub mark: &'t [u8],
    pub named: Option<&'t [u8]>,
    pub chemical_id: Uuid,
}

/// What is known of a row.
#[derive(Debug, Clone, Copy)]
pub enum Found<'t> {
    Nothing,
    /// The very row, whose entry is there.
    Row,
    /// A row with this mark, whose entry is there under this name.
    Entry(&'t str),
    /// A row with this mark, whose entry is not there any more.
    Deleted,
}

pub struct Traces {
    rows: Vec<Trace>,
    by_content: HashMap<Vec<u8>, Option<String>>,
    by_mark: HashMap<Vec<u8>, Option<String>>,
}

impl Traces {
    pub async fn read(db: &mut PgConnection, rows: impl Iterator<Item = &NewChemical>) -> Result<Self> {
        let rows: Vec<_> = rows.map(Trace::of).collect();
        let (mut by_content, mut by_mark) = (HashMap::new(), HashMap::<_, Option<String>>::new());
        for Traced { content, mark, named, name } in store::find_traces(db, &rows).await? {
            for mark in [Some(mark), named].into_iter().flatten() {
                let known = by_mark.entry(mark).or_default();
                *known = known.take().or_else(|| name.clone());
            }
            by_content.insert(content, name);
        }
        Ok(Self { rows, by_content, by_mark })
    }

    pub fn of_rows(&self) -> &[Trace] {
        &self.rows
    }

    pub fn find(&self, row: &Trace) -> Found<'_> {
        match (self.by_content.get(&row.content), self.by_mark.get(&row.mark)) {
            (Some(Some(_)), _) => Found::Row,
            (_, Some(Some(name))) => Found::Entry(name),
            (_, Some(None)) => Found::Deleted,
            _ => Found::Nothing,
        }
    }
}
