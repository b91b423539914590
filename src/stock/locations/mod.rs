//! Where things stand: a tree of building, room, cabinet, shelf and box in each lab. What lies inside something is of a
//! deeper kind; steps may be left out. Who changes the tree holds the lab's lock, so that two moves, each of which is
//! fine alone, never make a ring together. A place that is given up is closed: it keeps its row, and so its name in the
//! ledger of the bottles that stood there.

use std::collections::HashMap;

use chemistry::ContainerCode;
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, PgTransaction};
use uuid::Uuid;

pub use self::{
    access::Access,
    http::routes,
    location::{Kind, Location, LocationPatch, NewLocation, OpenPlace},
};
use crate::{
    auth::{self, Auth, Manager, Viewer},
    base::{
        error::{Error, Result},
        made::Made,
        page::{Limit, List, Page},
        secrets,
        text::Name,
    },
    journal,
    people::labs,
    stock::codes,
};

mod access;
mod http;
pub mod keys;
mod location;
mod store;
mod tree;

/// Which locations a list shows.
#[derive(Debug)]
pub struct Filter {
    pub list: List,
    pub parent_id: Option<Uuid>,
    pub roots_only: bool,
    /// How the name begins, in capitals or not.
    pub name: Option<Name>,
    pub with_closed: bool,
    pub after: Uuid,
    pub limit: Limit,
}

pub async fn list(by: &Auth<Viewer>, filter: &Filter) -> Result<Page<Location>> {
    let rows = store::page(&mut *by.lists().await?, by.lab_id(), filter, by.keys().unseen()).await?;
    Ok(filter.list.page(rows, filter.limit, |location| location.id))
}

/// Of each of these places, as lists of bottles write it, from the root down. Also of one that is closed.
pub async fn paths(by: &Auth<Viewer>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let places = store::paths(&mut *by.reports().await?, by.lab_id(), ids, by.keys().unseen()).await?;
    Ok(places.into_iter().map(|place| (place.id, written(&place))).collect())
}

/// As an import reads it: `Main building > Room 214`, with each slash of a name written twice; the code, where a name
/// has a sign that stands between two names.
fn written(place: &Placed) -> String {
    if place.path.iter().any(|name| name.contains(['>', '\\'])) {
        return place.code.clone();
    }
    place.path.iter().map(|name| name.replace('/', "//")).collect::<Vec<_>>().join(" > ")
}

/// Where a place lies: the names from the root to itself.
#[derive(Debug)]
struct Placed {
    id: Uuid,
    code: String,
    path: Vec<String>,
}

/// Also one that is closed: the ledger names it.
pub async fn get(by: &Auth<Viewer>, id: Uuid) -> Result<Location> {
    let mut db = by.app().lookups().await?;
    store::find(&mut db, by.lab_id(), id, by.keys().unseen()).await?.ok_or(Error::NotFound("location"))
}

/// Those that have one of these codes, however it is spelled.
pub async fn find_by_code(
    db: &mut PgConnection,
    lab_id: Uuid,
    codes: &[&str],
    unseen: &[Uuid],
) -> Result<Vec<Location>> {
    store::find_by_code(db, lab_id, codes, unseen).await
}

/// Whether the lab has a place where somebody with these keys could put something.
pub async fn has_open(db: &mut PgConnection, lab_id: Uuid, keys: &auth::Keys) -> Result<bool> {
    store::has_open(db, lab_id, keys.not_opened()).await
}

pub async fn all_open(db: &mut PgConnection, lab_id: Uuid) -> Result<Vec<OpenPlace>> {
    store::all_open(db, lab_id).await
}

/// Writes places that an import makes, outer ones first. Who calls it holds the lab's lock.
pub async fn insert_made(
    tx: &mut PgTransaction<'_>,
    lab_id: Uuid,
    places: impl Iterator<Item = &OpenPlace>,
    now: DateTime<Utc>,
) -> Result<Vec<journal::Change>> {
    let mut changes = Vec::new();
    for place in places {
        let OpenPlace { parent_id, kind, name, code, .. } = place;
        let new = store::Place { parent_id: *parent_id, kind: *kind, name, code, access: Access::Open };
        let (location, around) = store::insert(tx, lab_id, place.id, new, now).await?;
        around.allows(place.kind, "/kind")?;
        changes.push(created(lab_id, &location)?);
    }
    Ok(changes)
}

fn created(lab_id: Uuid, location: &Location) -> Result<journal::Change> {
    journal::Change::new(journal::Kind::LocationCreated, lab_id, location.id).created(location)
}

pub async fn create(by: &Auth<Manager>, mut new: NewLocation) -> Result<Made<Location>> {
    let id = by.id_or_new(new.id)?;
    let sent = new.code.take().map(String::from);
    let code = sent.clone().unwrap_or_else(new_code);
    let done = match create_once(by, id, &new, &code).await {
        Ok(made) => Ok(Made::new(made)),
        Err(error) => made_before(by, id, &new, sent, error).await,
    };
    codes::named(by, &code, done).await
}

/// What the first try of a request has made, where that explains the error.
async fn made_before(
    by: &Auth<Manager>,
    id: Uuid,
    new: &NewLocation,
    code: Option<String>,
    error: Error,
) -> Result<Made<Location>> {
    let refusal = by.or_made(new.id, error)?;
    let mut db = by.app().db().await?;
    let made = store::find(&mut db, by.lab_id(), id, by.keys().unseen()).await?.ok_or(refusal)?;
    let (parent_id, kind, name, access) = (new.parent_id, new.kind, new.name.to_string(), new.access);
    let beside: &[&str] = if code.is_none() { &["code"] } else { &[] };
    let code = code.unwrap_or_default();
    let first = Location { parent_id, kind, name, code, access, closed_at: None, ..made.clone() };
    let first = created(by.lab_id(), &first)?;
    journal::made_before(&mut db, by, new.id, made, &first, beside).await
}

async fn create_once(by: &Auth<Manager>, id: Uuid, new: &NewLocation, code: &str) -> Result<Location> {
    let parent_id = named(by, new.parent_id)?;
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    // A parent's kind may not change between the look at it and the commit.
    labs::lock(&mut tx, by.lab_id()).await?;
    let (name, access) = (new.name.as_str(), new.access);
    let place = store::Place { parent_id, kind: new.kind, name, code, access };
    let (location, around) = store::insert(&mut tx, by.lab_id(), id, place, by.now()).await?;
    around.allows(location.kind, "/kind")?;
    let without_key = by.keys().acts_without([parent_id, None]);
    journal::commit(tx, by, [created(by.lab_id(), &location)?.without_key(without_key)]).await?;
    around.forget_keys(by);
    Ok(location)
}

pub async fn change(by: &Auth<Manager>, id: Uuid, version: Option<i32>, patch: LocationPatch) -> Result<Location> {
    let code = patch.code.clone().map(String::from).unwrap_or_default();
    codes::named(by, &code, change_as_read(by, id, version, patch).await).await
}

async fn change_as_read(
    by: &Auth<Manager>,
    id: Uuid,
    version: Option<i32>,
    mut patch: LocationPatch,
) -> Result<Location> {
    access::check(by.keys(), id)?;
    patch.parent_id = patch.parent_id.map(|parent| named(by, parent)).transpose()?;
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    labs::lock(&mut tx, by.lab_id()).await?;
    let Some(store::Updated { before, after, around }) =
        store::update(&mut tx, by.lab_id(), id, version, &patch, by.now(), by.keys().unseen()).await?
    else {
        let open = store::find(&mut tx, by.lab_id(), id, by.keys().unseen()).await?.filter(|it| it.closed_at.is_none());
        return Err(open.map_or(Error::NotFound("location"), |_| Error::Stale));
    };
    around.allows(after.kind, if patch.parent_id.is_some() { "/parent_id" } else { "/kind" })?;
    let is_moved = before.parent_id != after.parent_id;
    let kind = if is_moved { journal::Kind::LocationMoved } else { journal::Kind::LocationChanged };
    let change = journal::Change::new(kind, by.lab_id(), id).changed(&before, &after)?;
    let without_key = by.keys().acts_without([Some(id), after.parent_id]);
    journal::commit(tx, by, [change.without_key(without_key)]).await?;
    if is_moved || before.access != after.access {
        around.forget_keys(by);
    }
    Ok(after)
}

/// The place into which another one is to come; whoever has no key to it puts nothing in.
fn named(by: &Auth<Manager>, parent: Option<Uuid>) -> Result<Option<Uuid>> {
    let parent = by.keys().or_unknown(parent);
    parent.map_or(Ok(()), |parent| access::check(by.keys(), parent))?;
    Ok(parent)
}

pub async fn close(by: &Auth<Manager>, id: Uuid, version: Option<i32>) -> Result<()> {
    access::check(by.keys(), id)?;
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let found = store::lock(&mut tx, by.lab_id(), id).await?.ok_or(Error::NotFound("location"))?;
    if version.is_some_and(|version| version != found) {
        return Err(Error::Stale);
    }
    let now = by.now();
    store::close(&mut tx, by.lab_id(), id, now).await?.allows_closing()?;
    let change = journal::Change::new(journal::Kind::LocationClosed, by.lab_id(), id)
        .without_key(by.keys().acts_without([Some(id), None]));
    journal::commit(tx, by, [change.field("closed_at", None, Some(now))]).await
}

fn new_code() -> String {
    ContainerCode::from_random(secrets::random()).as_str().to_owned()
}
