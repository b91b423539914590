//! Lists of bottles that people upload, and their runs on jobs. A run is the import of the command, with the rights and
//! the keys of whoever uploaded the list; nobody else runs it, and beside them the admins of the lab see it.

mod downloads;
mod file;
mod folder;
mod host;
mod http;
mod import;
mod job;
mod options;
mod store;

use chrono::TimeDelta;
use sqlx::Connection as _;
use uuid::Uuid;

use self::{
    file::{FileName, Seen},
    import::{Import, ImportSummary, KEPT_FOR},
    options::ImportOptions,
    store::{New, Queued, Stored},
};
pub use self::{http::routes, job::RunImport};
use super::corrections::list_of;
use crate::{
    auth::{Auth, Manager, Role},
    base::{
        error::{Error, Reason, Result},
        ids::OwnId,
        made::Made,
        page::{Cursor, Limit, List, Page},
    },
    journal::{self, Actor, Change, Kind, System},
    platform::{
        app::App,
        jobs::{self, Queue, StoredJob},
    },
};

/// A file that has come.
pub struct NewImport {
    pub id: Option<OwnId>,
    pub name: FileName,
    pub bytes: Vec<u8>,
    pub sha256: [u8; 32],
}

const NOT_FOUND: Error = Error::NotFound("import");

fn sees_all(by: &Auth<Manager>) -> bool {
    by.role() >= Role::Admin
}

async fn find(by: &Auth<Manager>, id: Uuid) -> Result<Stored> {
    let mut db = by.app().lookups().await?;
    store::find(&mut db, by.lab_id(), id, by.user_id(), sees_all(by)).await?.ok_or(NOT_FOUND)
}

/// Keeps a list, whole. The same again under its id is a success.
pub async fn create(by: &Auth<Manager>, new: NewImport) -> Result<Made<Import>> {
    let given = new.id.map_or(Ok(None), |id| id.given(by.now())).map_err(|why| Error::field("?id", why))?;
    let (id, name) = (given.unwrap_or_else(|| by.new_id()), new.name.into_string());
    let reading = tokio::task::spawn_blocking(move || file::read(new.bytes));
    let read = reading.await.map_err(|cause| Error::Internal(cause.into()))?;
    let (text, seen) = read.map_err(|why| Reason::NoTable.at("", format!("{why:#}")))?;
    if insert(by, id, &name, &text, &new.sha256, &seen).await? {
        return Ok(Made::new(find(by, id).await?.into_import()));
    }
    let earlier = find(by, id).await.map_err(|_| id_taken())?;
    let is_same = (earlier.created_by, earlier.name.as_str()) == (by.user_id(), &name) && earlier.sha256 == new.sha256;
    if is_same { Ok(Made { resource: earlier.into_import(), is_new: false }) } else { Err(id_taken()) }
}

fn id_taken() -> Error {
    Reason::IdTaken.because("another file was uploaded under this id: give this one an id of its own")
}

async fn insert(by: &Auth<Manager>, id: Uuid, name: &str, text: &str, sha256: &[u8], seen: &Seen) -> Result<bool> {
    let new = New {
        lab_id: by.lab_id(),
        id,
        name,
        list: list_of(name),
        content: text.as_bytes(),
        sha256,
        seen,
        created_by: by.user_id(),
        now: by.now(),
    };
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    if !store::insert(&mut tx, &new).await? {
        return Ok(false);
    }
    let change = Change::new(Kind::ImportCreated, by.lab_id(), id);
    let change = change.told("name", None, Some(name)).told("size", None, Some(text.len()));
    journal::commit(tx, by, [change]).await?;
    Ok(true)
}

pub async fn get(by: &Auth<Manager>, id: Uuid) -> Result<Import> {
    Ok(find(by, id).await?.into_import())
}

/// The newest first.
pub async fn list(by: &Auth<Manager>, cursor: Option<Cursor<Uuid>>, limit: Limit) -> Result<Page<ImportSummary>> {
    let (list, mut db) = (List::new("imports", &by.lab_id()), by.lists().await?);
    let before = list.after(cursor)?;
    let rows = store::page(&mut db, by.lab_id(), by.user_id(), sees_all(by), before, limit.plus_one()).await?;
    Ok(list.page(rows, limit, |import| import.id))
}

/// Queues a run. While one of the same list has not ended there is no other; asked for again it is the same.
pub async fn run(by: &Auth<Manager>, id: Uuid, is_dry_run: bool, options: &ImportOptions) -> Result<StoredJob> {
    options.check()?;
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let lists = store::lock_list(&mut tx, by.lab_id(), by.user_id(), id).await?;
    let Some(own) = lists.iter().find(|list| list.id == id) else {
        drop(tx);
        drop(db);
        find(by, id).await?;
        return Err(Error::Forbidden("only whoever uploaded a list runs it: upload it yourself"));
    };
    if let Some((list, job_id)) = lists.iter().find_map(|list| Some((list, list.running()?))) {
        if list.id == id && list.is_dry_run == is_dry_run && list.options.0 == *options {
            return jobs::find(&mut tx, job_id).await?.ok_or(NOT_FOUND);
        }
        let running = format!("a run of the list {} has not ended; its job is {job_id}", list.name);
        return Err(Reason::ImportRuns.because(running));
    }
    let queue = Queue { lab_id: Some(by.lab_id()), created_by: Some(by.user_id()), ..Queue::default() };
    let job = RunImport { lab_id: by.lab_id(), import_id: id };
    let job_id = jobs::enqueue(&mut tx, &job, queue, by.now()).await?;
    store::set_run(&mut tx, &Queued { lab_id: by.lab_id(), id, job_id, is_dry_run, options }, by.now()).await?;
    let queued = jobs::find(&mut tx, job_id).await?.ok_or(NOT_FOUND)?;
    let started = Change::new(Kind::ImportStarted, by.lab_id(), id);
    let started = started.told("name", None, Some(&own.name)).told("job_id", None, Some(job_id));
    let started = started.told("options", None, Some(options));
    journal::commit(tx, by, (!is_dry_run).then_some(started)).await?;
    drop(db);
    jobs::ring(by.app());
    Ok(queued)
}

/// Made codes follow from them when the list comes again.
const FILES_KEPT_FOR: TimeDelta = TimeDelta::days(400);
const MOST: i64 = 100;

/// Background step: drops lists that nobody used for a week, and what was written beside lists that did not come again
/// for more than a year.
pub async fn sweep(app: App) -> Result<usize> {
    let (mut db, now) = (app.db().await?, app.clock.now());
    let mut tx = db.begin().await?;
    let dropped = store::drop_unused(&mut tx, now - KEPT_FOR, MOST).await?;
    let files = store::drop_unused_files(&mut tx, now - FILES_KEPT_FOR, MOST).await?;
    let told =
        |it: &store::Dropped| Change::new(Kind::ImportDropped, it.lab_id, it.id).told("name", Some(&it.name), None);
    journal::commit(tx, Actor::system(System::Sweep, now), dropped.iter().map(told)).await?;
    Ok(usize::try_from(files).unwrap_or(usize::MAX).saturating_add(dropped.len()))
}
