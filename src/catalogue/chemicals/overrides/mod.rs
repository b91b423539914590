//! What a lab sees differently in the shared catalogue: its own name for a chemical, and the density and the molar mass
//! that it counts with. Nobody else sees any of it.

use chemistry::{Density, MolarMass};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection, PgTransaction};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{
    http::routes,
    store::{count_stale, names, refresh_some},
};
use super::{Chemical, clashes, find, fold, store as catalogue, term};
use crate::{
    auth::{Auth, Manager, Viewer},
    base::{
        error::{Error, Result},
        made::Made,
        text::Name,
    },
    journal::{self, Journalled},
    people::labs,
};

mod http;
mod store;

/// What the lab sees differently of a chemical; null is as in the catalogue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChemicalOverrides {
    pub chemical_id: Uuid,
    #[schema(example = "Ethanol, denatured")]
    pub name: Option<String>,
    /// g/mL at 20 Cel
    pub density: Option<Density>,
    /// g/mol
    pub molar_mass: Option<MolarMass>,
    pub version: i32,
    pub updated_at: DateTime<Utc>,
    pub updated_by: Uuid,
}

impl Journalled for ChemicalOverrides {
    const LEFT_OUT: &'static [&'static str] = &["chemical_id", "updated_by"];
}

/// All that the lab sees differently of a chemical: at least one value. What is left out or null is as in the
/// catalogue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ethanol, denatured", "density": "0.8003"}))]
pub struct NewChemicalOverrides {
    /// What the lab calls it.
    pub name: Option<Name>,
    /// What the lab counts with, g/mL at 20 Cel. The density of a bottle comes before it.
    pub density: Option<Density>,
    /// What the lab counts with, g/mol. It may differ from that of the formula, as for a hydrate.
    pub molar_mass: Option<MolarMass>,
}

/// What a caller has seen who is about to set the overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing, so nothing may be there.
    None,
    /// Whatever is there is replaced.
    Any,
    Version(i32),
}

impl NewChemicalOverrides {
    fn check(&self) -> Result<()> {
        if self.name.is_none() && self.density.is_none() && self.molar_mass.is_none() {
            let detail = "must have a name, a density or a molar mass; DELETE takes the overrides away";
            return Err(Error::field("", detail));
        }
        Ok(())
    }
}

/// What a lab's name is found by.
fn terms(name: Option<&str>) -> Vec<String> {
    let name = name.map(term);
    let typed = name.as_deref().and_then(fold::with_latin_letters);
    name.into_iter().chain(typed).collect()
}

pub async fn get(by: &Auth<Viewer>, chemical_id: Uuid) -> Result<ChemicalOverrides> {
    let mut db = by.app().lookups().await?;
    store::find(&mut db, by.lab_id(), chemical_id).await?.ok_or(Error::NotFound("overrides"))
}

/// Puts these in the place of all that were there. New are the first ones.
pub async fn set(
    by: &Auth<Manager>,
    chemical_id: Uuid,
    seen: Seen,
    new: &NewChemicalOverrides,
) -> Result<Made<ChemicalOverrides>> {
    new.check()?;
    let mut db = by.app().db().await?;
    if let Some(name) = new.name.as_ref().map(Name::as_str) {
        let chemical = find(&mut db, chemical_id).await?.ok_or(Error::NotFound("chemical"))?;
        clashes::check_name(&mut db, name, &chemical, "/name").await?;
        check_is_free(&mut db, name, chemical_id).await?;
    }
    let mut tx = db.begin().await?;
    // Of two who set the first overrides at once, the second finds what the first has set.
    labs::lock(&mut tx, by.lab_id()).await?;
    let key = store::Key { lab_id: by.lab_id(), chemical_id };
    if let Some((before, after)) = store::set(&mut tx, key, seen, new, by.user_id(), by.now()).await? {
        let change = journal::Change::new(journal::Kind::OverridesSet, key.lab_id, chemical_id);
        let change = match &before {
            None => change.created(&after)?,
            Some(before) => change.changed(before, &after)?,
        };
        journal::commit(tx, by, [change]).await?;
        return Ok(Made { resource: after, is_new: before.is_none() });
    }
    let chemical = find(&mut tx, chemical_id).await?;
    let refusal = if seen == Seen::None { Error::VersionRequired } else { Error::Stale };
    Err(chemical.map_or(Error::NotFound("chemical"), |_| refusal))
}

/// By a name that the catalogue has for another chemical, a bottle of the lab would be taken for that one.
async fn check_is_free(db: &mut PgConnection, name: &str, chemical_id: Uuid) -> Result<()> {
    let alike = catalogue::find_alike(db, Uuid::nil(), &[], &terms(Some(name))).await?;
    let is_called = |it: &Chemical| it.names().any(|known| terms(Some(known)).contains(&term(name)));
    // Where both go by the name it was doubtful before.
    let may_be_called = alike.iter().any(|it| it.id == chemical_id && is_called(it));
    let Some(other) = alike.iter().find(|it| it.id != chemical_id && is_called(it) && !may_be_called) else {
        return Ok(());
    };
    let number = other.cas.as_ref().map(|cas| format!(" ({cas})")).unwrap_or_default();
    let detail = format!("is the name of another chemical, `{}`{number}: call this one otherwise", other.name);
    Err(Error::field("/name", detail))
}

pub async fn delete(by: &Auth<Manager>, chemical_id: Uuid, read: Option<i32>) -> Result<()> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let key = store::Key { lab_id: by.lab_id(), chemical_id };
    if let Some(before) = store::clear(&mut tx, key, read, by.user_id(), by.now()).await? {
        return journal::commit(tx, by, [deleted(key.lab_id, &before)?]).await;
    }
    let found = store::find(&mut tx, by.lab_id(), chemical_id).await?;
    Err(found.map_or(Error::NotFound("overrides"), |_| Error::Stale))
}

fn deleted(lab_id: Uuid, before: &ChemicalOverrides) -> Result<journal::Change> {
    journal::Change::new(journal::Kind::OverridesDeleted, lab_id, before.chemical_id).deleted(before)
}

/// Of a chemical that is deleted: those of all labs go with it.
pub async fn clear_all(
    tx: &mut PgTransaction<'_>,
    chemical_id: Uuid,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<journal::Change>> {
    let all = store::clear_all(tx, chemical_id, by, now).await?;
    all.iter().map(|(lab_id, before)| deleted(*lab_id, before)).collect()
}
