//! Bottles and their ledger. A container is a row; [`ledger`] decides what an event makes of it, and the store writes
//! both in one statement. The sum of an event ledger's deltas is the amount in the bottle, always.

mod actor;
mod changes;
mod content;
mod counting;
mod event;
mod events;
mod filter;
mod history;
mod http;
pub mod imported;
mod ledger;
mod line;
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
mod writing;

use std::{collections::HashMap, sync::Arc};

use chemistry::{CasNumber, ContainerCode, Density, Factors, Gtin, Quantity, Unit};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{
    actor::{Actor, System},
    content::{Fingerprint, fingerprint},
    event::NewEvent,
    events::events,
    filter::ContainerFilter,
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
    writing::Creation,
};
use crate::{
    auth::{Auth, Manager, Viewer},
    base::{
        dates,
        error::{Error, Reason, Result},
        page::Page,
        secrets,
        text::{Note, Text},
    },
    platform::{app::App, batch::Lookups, lanes},
};

/// A code on a label: ours, or whatever a lab printed before.
pub type Code = Text<64>;

/// A bottle.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Container {
    pub id: Uuid,
    pub lab_id: Uuid,
    /// What its label says to a scanner; unique in the lab.
    #[schema(example = "7K3M9QXTD")]
    pub code: String,
    pub chemical: ChemicalRef,
    pub location_id: Option<Uuid>,
    pub state: State,
    pub amount: Quantity,
    pub initial_amount: Quantity,
    /// At or below this it counts as low.
    pub low_at: Option<Quantity>,
    pub is_low: bool,
    /// The empty bottle with its lid.
    pub tare: Option<Quantity>,
    /// Of what is in this bottle, where it differs from the chemical's (g/mL at 20 Cel).
    pub density: Option<Density>,
    pub lot: Option<String>,
    pub supplier: Option<String>,
    pub catalogue_number: Option<String>,
    /// The article that the supplier's barcode names.
    pub gtin: Option<Gtin>,
    pub note: Option<String>,
    #[serde(serialize_with = "dates::day")]
    pub received_on: Option<NaiveDate>,
    #[serde(serialize_with = "dates::day")]
    pub opened_on: Option<NaiveDate>,
    #[serde(serialize_with = "dates::day")]
    pub expires_on: Option<NaiveDate>,
    /// Who has it on loan.
    pub holder_id: Option<Uuid>,
    #[serde(skip)]
    came_opened: bool,
    pub version: i32,
    #[serde(serialize_with = "dates::time")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "dates::time")]
    pub updated_at: DateTime<Utc>,
}

/// The chemical in it, as far as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChemicalRef {
    pub id: Uuid,
    /// What the lab calls it, else its name in the catalogue.
    #[schema(example = "acetonitrile")]
    pub name: String,
    /// Its name in the catalogue, where the lab calls it otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue_name: Option<String>,
    pub cas: Option<CasNumber>,
}

impl crate::base::version::Versioned for Container {
    fn version(&self) -> i32 {
        self.version
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "chemical_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
    "amount": {"value": "500", "unit": "mL"}, "low_at": {"value": "50", "unit": "mL"},
    "lot": "STBK1234", "supplier": "Example Chemicals", "expires_on": "2028-06-30"
}))]
pub struct NewContainer {
    /// Your own UUIDv7, if you like. The same container sent again under its id is not made again.
    pub id: Option<Uuid>,
    pub chemical_id: Uuid,
    pub location_id: Option<Uuid>,
    /// Left out, one is made: 8 characters and a check character, no look-alikes.
    pub code: Option<Code>,
    /// What is in it now. Its unit is the one that the container is kept in.
    pub amount: Quantity,
    pub low_at: Option<Quantity>,
    pub tare: Option<Quantity>,
    pub density: Option<Density>,
    pub lot: Option<Text<100>>,
    pub supplier: Option<Text<200>>,
    pub catalogue_number: Option<Text<100>>,
    /// EAN, UPC or GTIN of the supplier's label; kept with fourteen digits.
    pub gtin: Option<Gtin>,
    pub note: Option<Note>,
    #[serde(default, deserialize_with = "dates::optional")]
    pub received_on: Option<NaiveDate>,
    /// Given for a bottle that is open already.
    #[serde(default, deserialize_with = "dates::optional")]
    pub opened_on: Option<NaiveDate>,
    #[serde(default, deserialize_with = "dates::optional")]
    pub expires_on: Option<NaiveDate>,
    /// When it came in; left out, now. No event of the container can lie before it.
    #[serde(default, deserialize_with = "dates::optional")]
    pub occurred_at: Option<DateTime<Utc>>,
}

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

async fn snapshot(app: &App, lab_id: Uuid, id: Uuid) -> Result<Arc<Container>> {
    reader(app).find((lab_id, id)).await?.ok_or(Error::NotFound("container"))
}

pub async fn get(by: &Auth<Viewer>, id: Uuid) -> Result<Arc<Container>> {
    snapshot(by.app(), by.lab_id(), id).await
}

pub async fn list(by: &Auth<Viewer>, filter: &ContainerFilter) -> Result<Page<Box<Container>>> {
    let db = &mut *by.lists().await?;
    lanes::without_span(filter::list(db, by.lab_id(), filter)).await
}

pub struct Created {
    pub container: Container,
    /// False when the same was sent before: nothing happened this time.
    pub is_new: bool,
}

pub async fn create(by: &Auth<Manager>, new: NewContainer) -> Result<Created> {
    // An id that was made a moment ago is no container's.
    let may_be_repeat = new.id.is_some() || by.is_repeatable();
    let id = by.id_or_new(new.id);
    let content = new.fingerprint(id, by.user_id());
    match create_once(by, id, new, content).await {
        Ok(container) => Ok(Created { container, is_new: true }),
        // What the first try has made refuses the repeat, and so may what was changed since.
        Err(refusal @ (Error::Rejected(_) | Error::Invalid(_))) if may_be_repeat => {
            let made = created(by, id, content).await?;
            made.map(|container| Created { container, is_new: false }).ok_or(refusal)
        }
        Err(error) => Err(error),
    }
}

/// The container of this id as it is now, if this is what it was made from; another one's id is refused. None: the lab has
/// no such container.
async fn created(by: &Auth<Manager>, id: Uuid, content: Fingerprint) -> Result<Option<Container>> {
    let db = &mut *by.app().db().await?;
    match store::find_first_content(db, by.lab_id(), id).await? {
        None => Ok(None),
        Some(made_from) if made_from.as_deref() == Some(&content) => {
            Ok(store::find_all(db, &[(by.lab_id(), id)]).await?.pop().map(|container| *container))
        }
        Some(_) => Err(Reason::IdTaken.because("another container has this id")),
    }
}

/// The new bottle and the event of its receipt, in one statement.
async fn create_once(by: &Auth<Manager>, id: Uuid, new: NewContainer, content: Fingerprint) -> Result<Container> {
    if new.amount.value.get().is_zero() {
        return Err(Error::field("/amount/value", "must be more than zero"));
    }
    let unit = new.amount.unit;
    let tare = new.tare.map(tare_in_grams).transpose()?;
    let rest = Rest {
        opened_on: change(None, new.opened_on),
        holder_id: None,
        tare: change(None, tare.map(|tare| tare.value.get())),
        density: change(None, new.density),
        received_on: change(None, new.received_on),
        expires_on: change(None, new.expires_on),
    };
    let occurred_at = posting::not_ahead(new.occurred_at, by.now())?;
    let counting = match new.low_at {
        Some(low) if !Counting::own(new.density).is_enough_for(low, unit) => {
            let db = &mut *by.app().lookups().await?;
            store::find_counting(db, by.lab_id(), new.chemical_id, new.density).await?
        }
        _ => Counting::own(new.density),
    };
    let creation = Creation {
        id,
        lab_id: by.lab_id(),
        event_id: by.id_or_new(None),
        code: new.code.clone().map_or_else(make_code, String::from),
        state: if new.opened_on.is_some() { State::Opened } else { State::InStock },
        low_at: new.low_at.map(|low| low_in(low, unit, counting)).transpose()?,
        tare,
        rest,
        by: by.user_id(),
        occurred_at,
        recorded_at: by.now(),
        content,
        new,
    };
    writing::create(by.app(), creation).await
}

fn low_in(low: Quantity, unit: Unit, counting: Counting) -> Result<Quantity> {
    converted(low, unit, counting.factors()).map_err(|why| Error::field("/low_at/unit", why))
}

fn tare_in_grams(tare: Quantity) -> Result<Quantity> {
    converted(tare, Unit::Gram, Factors::NONE).map_err(|_| Error::field("/tare/unit", "must be a mass"))
}

fn converted(given: Quantity, unit: Unit, factors: Factors) -> std::result::Result<Quantity, String> {
    let converted = given.in_unit(unit, factors).map_err(|why| why.to_string())?;
    Quantity::new(converted.value, unit).map_err(|why| why.to_string())
}

fn make_code() -> String {
    ContainerCode::from_random(secrets::random()).to_string()
}
