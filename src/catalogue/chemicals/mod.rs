//! What there is in the world: the catalogue of chemicals that all labs share. Its terms (names, numbers, formulas, all
//! folded) are what a search walks; they are written with the chemical, in one statement.

mod called;
mod candidates;
mod cased;
mod chemical;
mod clashes;
mod completion;
mod fold;
mod http;
mod identity;
mod listed;
mod locants;
mod merge;
mod naming;
mod numbers;
mod overrides;
mod query;
mod refresh;
mod removed;
mod search;
mod store;
mod technical;
mod trace;
mod words;

use std::{collections::HashMap, sync::Arc};

use chemistry::{CasNumber, cas};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

pub use self::{
    called::is_another_formula,
    candidates::{Candidates, Named},
    cased::small,
    chemical::{Chemical, ChemicalPatch, MAX_SYNONYMS, NewChemical, Synonym},
    http::routes,
    identity::identity,
    listed::{Decides, Listed},
    merge::{Names, Outcome, try_batch, upsert_batch},
    naming::{is_placeholder, why_no_name},
    numbers::Number,
    query::{Meant, Query},
    refresh::{refresh_all_terms, refresh_terms},
    search::{FEW, meant, search},
    words::labels_one_slip_away,
};
use crate::{
    auth::{Anyone, Auth, Cataloguer},
    base::{
        error::{Error, Result},
        made::Made,
        page::{Cursor, Limit, List, Page},
        text::Name,
    },
    journal,
    platform::{app::App, batch::Lookups},
};

/// What a term is cut to: a longer name is found by how it begins, and an index entry has its limits.
const MAX_TERM: usize = 500;

/// A text as the terms hold it: folded here, never by the database, whose idea of letters depends on its locale. A name
/// without a letter or digit is its own term.
pub fn term(text: &str) -> String {
    let folded = fold::fold(text);
    let term = if folded.is_empty() { text.to_lowercase() } else { folded };
    term.chars().take(MAX_TERM).collect()
}

/// The reader of single chemicals, which folds concurrent lookups into one statement.
type Reader = Lookups<Uuid, Arc<Chemical>>;

fn reader(app: &App) -> Arc<Reader> {
    app.part(|app| {
        let app = app.downgrade();
        Reader::new(move |ids: Vec<Uuid>| {
            let app = app.upgrade();
            async move {
                let Some(app) = app else { return Ok(HashMap::new()) };
                let found = store::find_all(&mut *app.lookups().await?, &ids).await?;
                Ok(found.into_iter().map(|chemical| (chemical.id, Arc::new(chemical))).collect())
            }
        })
    })
}

pub async fn get(by: &Auth<Anyone>, id: Uuid) -> Result<Arc<Chemical>> {
    reader(by.app()).find(id).await?.ok_or(Error::NotFound("chemical"))
}

/// Where the catalogue begins.
const START: (String, Uuid) = (String::new(), Uuid::nil());

pub async fn list(by: &Auth<Anyone>, limit: Limit, after: Option<Cursor<(Name, Uuid)>>) -> Result<Page<Chemical>> {
    let list = List::new("chemicals", &());
    let (name, id) = list.after(after)?.map_or(START, |(name, id)| (name.into(), id));
    let mut db = by.lists().await?;
    let rows = store::page(&mut db, &name, id, limit.plus_one()).await?;
    Ok(list.page(rows, limit, |chemical| (chemical.name.clone(), chemical.id)))
}

/// The chemical with exactly this CAS number. A damaged number is refused with the one that it must have been.
pub async fn look_up(by: &Auth<Anyone>, raw: &str) -> Result<Chemical> {
    let cas = raw.parse::<CasNumber>().map_err(|why| {
        let hint = cas::hint(raw).map(|hint| format!("; {hint}"));
        Error::field("?cas", format!("{why}{}", hint.unwrap_or_default()))
    })?;
    let mut db = by.app().lookups().await?;
    find_by_cas(&mut db, &cas).await?.ok_or(Error::NotFound("chemical"))
}

pub async fn create(by: &Auth<Cataloguer>, new: NewChemical) -> Result<Made<Chemical>> {
    let given = new.id;
    let chemical = Chemical::new(by.id_or_new(given)?, new, by.now())?;
    let mut db = by.app().db().await?;
    let Err(error) = insert(&mut db, by, &chemical).await else { return Ok(Made::new(chemical)) };
    let refusal = by.or_made(given, error)?;
    let made = find(&mut db, chemical.id).await?.ok_or(refusal)?;
    journal::made_before(&mut db, by, given, made, &created(&chemical)?, &[]).await
}

async fn insert(db: &mut PgConnection, by: &Auth<Cataloguer>, chemical: &Chemical) -> Result<()> {
    clashes::check_names(db, chemical).await?;
    let mut tx = db.begin().await?;
    if chemical.has_a_number() {
        store::lock_new_names(&mut tx).await?;
        clashes::check_numbers(&mut tx, chemical, None).await?;
    }
    store::insert(&mut tx, std::slice::from_ref(chemical)).await?;
    journal::commit(tx, by, [created(chemical)?]).await
}

fn created(chemical: &Chemical) -> Result<journal::Change> {
    journal::Change::new(journal::Kind::ChemicalCreated, journal::NO_LAB, chemical.id).created(chemical)
}

fn changed(before: &Chemical, after: &Chemical) -> Result<journal::Change> {
    journal::Change::new(journal::Kind::ChemicalChanged, journal::NO_LAB, after.id).changed(before, after)
}

pub async fn change(by: &Auth<Cataloguer>, id: Uuid, read: Option<i32>, patch: ChemicalPatch) -> Result<Chemical> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    // Before the row, as an import takes the two in this order.
    if patch.brings_a_number() {
        store::lock_new_names(&mut tx).await?;
    }
    let mut chemical = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("chemical"))?;
    if read.is_some_and(|read| read != chemical.version) {
        return Err(Error::Stale);
    }
    let before = chemical.clone();
    chemical.apply(patch)?;
    if chemical == before {
        return Ok(before);
    }
    let has_same_names = before.name == chemical.name && before.synonyms == chemical.synonyms;
    if !before.has_same_numbers(&chemical) || !has_same_names {
        clashes::check_names(&mut tx, &chemical).await?;
    }
    clashes::check_numbers(&mut tx, &chemical, Some(&before)).await?;
    chemical.keep_removed(&before);
    chemical.version += 1;
    chemical.updated_at = by.now();
    store::update(&mut tx, std::slice::from_ref(&chemical)).await?;
    journal::commit(tx, by, [changed(&before, &chemical)?]).await?;
    Ok(chemical)
}

/// Its row stays, as the journal and lists that brought it name its id; nothing shows it any more, and its id stays its
/// own. Names and numbers are free for another.
pub async fn delete(by: &Auth<Cataloguer>, id: Uuid, read: Option<i32>) -> Result<()> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let before = store::lock_to_delete(&mut tx, id).await?.ok_or(Error::NotFound("chemical"))?;
    if read.is_some_and(|read| read != before.version) {
        return Err(Error::Stale);
    }
    let mut changes = overrides::clear_all(&mut tx, id, by.user_id(), by.now()).await?;
    store::delete(&mut tx, id, by.now()).await?;
    let change = journal::Change::new(journal::Kind::ChemicalDeleted, journal::NO_LAB, id);
    changes.push(change.deleted(&before)?);
    journal::commit(tx, by, changes).await
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Chemical>> {
    Ok(store::find_all(db, &[id]).await?.pop())
}

pub async fn find_by_cas(db: &mut PgConnection, cas: &CasNumber) -> Result<Option<Chemical>> {
    store::find_by_cas(db, cas).await
}
