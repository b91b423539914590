//! Changes of a bottle that no stock event makes: its notes, dates, tare, product and the like.

use chemistry::{Density, Gtin, Quantity};
use chrono::NaiveDate;
use serde::Deserialize;
use sqlx::{Connection as _, PgTransaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Container,
    changes::{Rest, change},
    counting::{Counting, counting_for},
    days, lock, low_in, rights, snapshot,
    state::State,
    store, tare_in_grams,
    who::who,
};
use crate::{
    auth::{Auth, Member},
    base::{
        dates,
        error::{Error, Reason, Result},
        patch::{self, Change},
        text::{Note, Text},
    },
    journal::{self, Journalled},
    stock::codes::{self, Code},
};

/// What is not a matter of stock events. Absent stays, null clears. A change of tare, density or a date stands in the
/// ledger as an event of type `edit`. Members change note, lot, supplier, catalogue number, gtin and `low_at`; the rest
/// needs the role `manager`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"note": "for the HPLC only", "low_at": {"value": "50", "unit": "mL"}}))]
pub struct ContainerPatch {
    pub code: Option<Code>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Quantity>)]
    pub low_at: Change<Quantity>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Quantity>)]
    pub tare: Change<Quantity>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Density>)]
    pub density: Change<Density>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Text<100>>)]
    pub lot: Change<Text<100>>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Text<200>>)]
    pub supplier: Change<Text<200>>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Text<100>>)]
    pub catalogue_number: Change<Text<100>>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Gtin>)]
    pub gtin: Change<Gtin>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Note>)]
    pub note: Change<Note>,
    /// No later than today, in the lab's time zone.
    #[serde(deserialize_with = "dates::change")]
    #[schema(value_type = Option<NaiveDate>)]
    pub received_on: Change<NaiveDate>,
    #[serde(deserialize_with = "dates::change")]
    #[schema(value_type = Option<NaiveDate>)]
    pub expires_on: Change<NaiveDate>,
}

pub async fn update(by: &Auth<Member>, id: Uuid, read: Option<i32>, patch: ContainerPatch) -> Result<Container> {
    rights::check_registering(by.role(), by.policies().registration)?;
    let code = patch.code.clone().map(String::from).unwrap_or_default();
    codes::named(by, &code, change_as_read(by, id, read, patch).await).await
}

async fn change_as_read(by: &Auth<Member>, id: Uuid, read: Option<i32>, patch: ContainerPatch) -> Result<Container> {
    let before = snapshot(by, id).await?;
    if read.is_some_and(|read| read != before.version) {
        return Err(Error::Stale);
    }
    let mut db = by.app().db().await?;
    match write(db.begin().await?, by, &before, patch.clone()).await {
        // Somebody else was faster, and any version is meant.
        Err(Error::Stale) if read.is_none() => {}
        done => return done,
    }
    let mut tx = db.begin().await?;
    let before = lock(&mut tx, by, id).await?;
    write(tx, by, &before, patch).await
}

/// What the ledger tells of a PATCH stands there, the rest in the journal.
async fn write(
    mut tx: PgTransaction<'_>,
    by: &Auth<Member>,
    before: &Container,
    patch: ContainerPatch,
) -> Result<Container> {
    if before.state == State::Voided {
        let refusal = Reason::EventNotAllowed.because("the container's creation was undone");
        // Nothing starts from there.
        return Err(refusal.with(|members| members.allowed_actions = Some(Vec::new())));
    }
    who(by).check_place(before.state, before.location_id)?;
    let mut after = before.clone();
    after.density = patch.density.unwrap_or(before.density);
    let counting = counting_for(&mut tx, &after, patch.low_at.flatten()).await?;
    apply(&mut after, patch, counting)?;
    if after == *before {
        return Ok(before.clone());
    }
    rights::check_editing(by.role(), before, &after)?;
    if after.received_on != before.received_on {
        days::check_begun(by, "/received_on", after.received_on)?;
    }
    let without_key = by.keys().acts_without([before.location_id, None]);
    let edit = store::Edit {
        id: by.new_id(),
        by: by.user_id(),
        origin: by.origin(),
        without_key,
        rest: edited(before, &after),
    };
    let after = store::update(&mut tx, &after, edit, by.now()).await?.ok_or(Error::Stale)?;
    let change = journal::Change::new(journal::Kind::ContainerChanged, before.lab_id, before.id);
    let change = change.changed(before, &after)?.only(IN_THE_JOURNAL).without_key(without_key);
    journal::commit(tx, by, [change]).await?;
    Ok(after)
}

/// The fields that a PATCH changes and no event of the ledger tells.
const IN_THE_JOURNAL: &[&str] = &["code", "low_at", "lot", "supplier", "catalogue_number", "gtin", "note"];

impl Journalled for Container {}

/// What stands in the ledger of a PATCH: what events change, too, and what amounts are counted with.
fn edited(before: &Container, after: &Container) -> Option<Rest> {
    let tare = |it: &Container| it.tare.map(|tare| tare.value.get());
    Rest {
        tare: change(tare(before), tare(after)),
        density: change(before.density, after.density),
        received_on: change(before.received_on, after.received_on),
        expires_on: change(before.expires_on, after.expires_on),
        ..Rest::default()
    }
    .or_none()
}

/// All but the density.
fn apply(to: &mut Container, patch: ContainerPatch, counting: Counting) -> Result<()> {
    fn set<T: Into<String>>(field: &mut Option<String>, change: Change<T>) {
        if let Some(value) = change {
            *field = value.map(Into::into);
        }
    }
    if let Some(code) = patch.code {
        to.code = code.into();
    }
    if let Some(low) = patch.low_at {
        let unit = to.amount.unit;
        to.low_at = low.map(|low| low_in(low, unit, counting)).transpose()?;
    }
    if let Some(tare) = patch.tare {
        to.tare = tare.map(tare_in_grams).transpose()?;
    }
    set(&mut to.lot, patch.lot);
    set(&mut to.supplier, patch.supplier);
    set(&mut to.catalogue_number, patch.catalogue_number);
    set(&mut to.note, patch.note);
    to.gtin = patch.gtin.unwrap_or_else(|| to.gtin.take());
    to.received_on = patch.received_on.unwrap_or(to.received_on);
    to.expires_on = patch.expires_on.unwrap_or(to.expires_on);
    Ok(())
}
