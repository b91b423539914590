//! Bottles and their ledger. A container is a row; [`ledger`] decides what an event makes of it, and the store writes
//! both in one statement. The sum of an event ledger's deltas is the amount in the bottle, always.

mod actor;
mod bulk;
mod changes;
mod container;
mod content;
mod counting;
mod days;
mod draft;
mod entry;
mod event;
mod events;
mod filter;
mod history;
mod http;
pub mod imported;
mod incoming;
mod ledger;
mod lending;
mod line;
mod listing;
mod patching;
mod posting;
mod product;
mod rights;
mod scan;
mod search;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod undo;
mod who;
mod writing;

use std::{collections::HashMap, sync::Arc};

use chemistry::{ContainerCode, Factors, Quantity, Unit};
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::{
    actor::{Actor, System},
    container::{ChemicalRef, Container, NewContainer},
    content::{Fingerprint, fingerprint},
    event::NewEvent,
    events::events,
    filter::{ContainerFilter, Include},
    http::routes,
    line::StockEvent,
    patching::{ContainerPatch, update},
    posting::post,
    scan::{ScanResult, scan},
    state::{EventType, State},
};
use self::{
    changes::{Rest, change},
    counting::Counting,
    entry::Creation,
    who::who,
};
use crate::{
    auth::{Auth, InLab, Member, Viewer},
    base::{
        error::{Error, Reason, Result},
        made::Made,
        page::Page,
        secrets,
        text::Text,
    },
    platform::{app::App, batch::Lookups, lanes},
    stock::codes::{self, Code},
};

/// The reader of single containers, which folds concurrent lookups into one statement.
type Reader = Lookups<(Uuid, Uuid), Arc<Container>>;

fn reader(app: &App) -> Arc<Reader> {
    app.part(|app| {
        let app = app.downgrade();
        Reader::new(move |keys: Vec<(Uuid, Uuid)>| {
            let app = app.upgrade();
            async move {
                let Some(app) = app else { return Ok(HashMap::new()) };
                let found = store::find_all(&mut *app.lookups().await?, &keys).await?;
                Ok(found.into_iter().map(|it| ((it.lab_id, it.id), Arc::from(it))).collect())
            }
        })
    })
}

/// Who asks together shares a statement, so what each may see is looked at afterwards.
async fn snapshot<R: InLab>(by: &Auth<R>, id: Uuid) -> Result<Arc<Container>> {
    let found = reader(by.app()).find((by.lab_id(), id)).await?;
    found.filter(|it| by.keys().sees(it.location_id)).ok_or(Error::NotFound("container"))
}

/// For the rest of the transaction.
async fn lock<R: InLab>(db: &mut PgConnection, by: &Auth<R>, id: Uuid) -> Result<Container> {
    let found = store::lock(db, by.lab_id(), &[id]).await?.pop().map(|it| *it);
    found.filter(|it| by.keys().sees(it.location_id)).ok_or(Error::NotFound("container"))
}

pub async fn get(by: &Auth<Viewer>, id: Uuid) -> Result<Arc<Container>> {
    snapshot(by, id).await
}

pub async fn list(by: &Auth<Viewer>, filter: &ContainerFilter) -> Result<Page<Box<Container>>> {
    let db = &mut *by.lists().await?;
    lanes::outside_span(listing::list(db, by.lab_id(), filter, by.keys())).await
}

/// As [`list`], for what reads the pages of a long list one after the other.
pub async fn page_of_report(by: &Auth<Viewer>, filter: &ContainerFilter) -> Result<Page<Box<Container>>> {
    let db = &mut *by.reports().await?;
    lanes::outside_span(listing::list(db, by.lab_id(), filter, by.keys())).await
}

pub async fn create(by: &Auth<Member>, new: NewContainer) -> Result<Made<Container>> {
    // An id that was made a moment ago is no container's.
    let may_be_repeat = new.id.is_some() || by.is_repeatable();
    let id = by.id_or_new(new.id)?;
    let content = new.fingerprint(id, by.user_id());
    match create_once(by, id, new, content).await {
        Ok(container) => Ok(Made::new(container)),
        // What the first try has made refuses the repeat, and so may what was changed since.
        Err(refusal @ (Error::Rejected(_) | Error::Invalid(_) | Error::Forbidden(_))) if may_be_repeat => {
            let resource = created(by, id, content).await?.ok_or(refusal)?;
            Ok(Made { resource, is_new: false })
        }
        Err(error) => Err(error),
    }
}

/// The container of this id as it is now, if this is what it was made from; another one's id is refused. None: the lab
/// has no such container.
async fn created(by: &Auth<Member>, id: Uuid, content: Fingerprint) -> Result<Option<Container>> {
    let db = &mut *by.app().db().await?;
    match store::find_first_content(db, by.lab_id(), id).await? {
        None => Ok(None),
        Some(made_from) if made_from.as_deref() == Some(&content) => {
            let made = store::find_all(db, &[(by.lab_id(), id)]).await?.pop().map(|container| *container);
            Ok(made.filter(|it| by.keys().sees(it.location_id)))
        }
        Some(_) => Err(Reason::IdTaken.because("another container has this id")),
    }
}

/// The new bottle and the event of its receipt, in one statement.
async fn create_once(by: &Auth<Member>, id: Uuid, mut new: NewContainer, content: Fingerprint) -> Result<Container> {
    rights::check_registering(by.role(), by.policies().registration)?;
    new.location_id = by.keys().or_unknown(new.location_id);
    who(by).check_arrival(EventType::Receive, new.location_id)?;
    if new.amount.value.get().is_zero() {
        return Err(Error::field("/amount/value", "must be more than zero"));
    }
    days::check_begun(by, "/received_on", new.received_on)?;
    days::check_begun(by, "/opened_on", new.opened_on)?;
    let unit = new.amount.unit;
    let tare = new.tare.map(tare_in_grams).transpose()?;
    let occurred_at = days::not_ahead(new.occurred_at, by.now())?;
    let counting = if let Some(own) = Counting::own_for(new.density, new.low_at, unit) {
        own
    } else {
        let db = &mut *by.app().lookups().await?;
        store::find_counting(db, by.lab_id(), new.chemical_id, new.density).await?
    };
    let code = new.code.clone().map_or_else(make_code, String::from);
    let low_at = new.low_at.map(|low| low_in(low, unit, counting)).transpose()?;
    let creation = Creation {
        id,
        lab_id: by.lab_id(),
        event_id: by.new_id(),
        code: code.clone(),
        state: if new.opened_on.is_some() { State::Opened } else { State::InStock },
        low_at,
        tare,
        rest: received(&new, &code, low_at, tare),
        by: by.user_id(),
        origin: by.origin(),
        without_key: by.keys().acts_without([new.location_id, None]),
        occurred_at,
        recorded_at: by.now(),
        content,
        new,
    };
    codes::named(by, &code, writing::create(by.app(), creation).await).await
}

/// All that a bottle comes with, for the line of its receipt.
fn received(new: &NewContainer, code: &str, low_at: Option<Quantity>, tare: Option<Quantity>) -> Rest {
    let text = |text: Option<&str>| change(None, text.map(str::to_owned));
    Rest {
        opened_on: change(None, new.opened_on),
        holder_id: None,
        tare: change(None, tare.map(|tare| tare.value.get())),
        density: change(None, new.density),
        received_on: change(None, new.received_on),
        expires_on: change(None, new.expires_on),
        chemical_id: change(None, Some(new.chemical_id)),
        code: text(Some(code)),
        low_at: change(None, low_at),
        lot: text(new.lot.as_ref().map(Text::as_str)),
        supplier: text(new.supplier.as_ref().map(Text::as_str)),
        catalogue_number: text(new.catalogue_number.as_ref().map(Text::as_str)),
        gtin: change(None, new.gtin.clone()),
        note: text(new.note.as_ref().map(Text::as_str)),
    }
}

fn low_in(low: Quantity, unit: Unit, counting: Counting) -> Result<Quantity> {
    converted(low, unit, counting.factors()).map_err(|why| Error::field("/low_at/unit", why))
}

fn tare_in_grams(tare: Quantity) -> Result<Quantity> {
    if tare.unit.dimension() != Unit::Gram.dimension() {
        return Err(Error::field("/tare/unit", "must be a mass"));
    }
    converted(tare, Unit::Gram, Factors::NONE).map_err(|why| Error::field("/tare/value", why))
}

fn converted(given: Quantity, unit: Unit, factors: Factors) -> std::result::Result<Quantity, String> {
    let converted = given.in_unit(unit, factors).map_err(|why| why.to_string())?;
    Quantity::new(converted.value, unit).map_err(|why| why.to_string())
}

fn make_code() -> String {
    ContainerCode::from_random(secrets::random()).to_string()
}
