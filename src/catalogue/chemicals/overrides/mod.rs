//! What a lab sees differently in the shared catalogue: its own name for a chemical, and the density and the molar mass
//! that it counts with. Nobody else sees any of it.

use chemistry::{Density, MolarMass};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{
    http::routes,
    store::{count_stale, names, refresh_some},
};
use super::{called::caseless, clashes, find, fold, store as catalogue, term};
use crate::{
    auth::{Auth, Manager, Viewer},
    base::{
        error::{Error, Result},
        text::Name,
    },
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

/// All that the lab sees differently of a chemical: at least one value. What is left out or null is as in the catalogue.
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

/// Puts these in the place of all that were there. Says whether there were none.
pub async fn set(
    by: &Auth<Manager>,
    chemical_id: Uuid,
    seen: Seen,
    new: &NewChemicalOverrides,
) -> Result<(ChemicalOverrides, bool)> {
    new.check()?;
    let mut db = by.app().db().await?;
    if let Some(name) = new.name.as_ref().map(Name::as_str) {
        let chemical = find(&mut db, chemical_id).await?.ok_or(Error::NotFound("chemical"))?;
        clashes::check_name(&mut db, name, &chemical, "/name").await?;
        check_is_free(&mut db, name, chemical_id).await?;
    }
    let key = store::Key { lab_id: by.lab_id(), chemical_id };
    if let Some(done) = store::set(&mut db, key, seen, new, by.user_id(), by.now()).await? {
        return Ok(done);
    }
    if seen == Seen::None {
        return Err(Error::VersionRequired);
    }
    let chemical = find(&mut db, chemical_id).await?;
    Err(chemical.map_or(Error::NotFound("chemical"), |_| Error::Stale))
}

/// By a name that the catalogue has for another chemical, a bottle of the lab would be taken for that one.
async fn check_is_free(db: &mut PgConnection, name: &str, chemical_id: Uuid) -> Result<()> {
    let key = caseless(name);
    let alike = catalogue::find_alike(db, Uuid::nil(), &[], &[term(name)]).await?;
    let Some(other) = alike.iter().find(|other| other.id != chemical_id && caseless(&other.name) == key) else {
        return Ok(());
    };
    let number = other.cas.as_ref().map(|cas| format!(" ({cas})")).unwrap_or_default();
    let detail = format!("is the name of another chemical, `{}`{number}: call this one otherwise", other.name);
    Err(Error::field("/name", detail))
}

pub async fn delete(by: &Auth<Manager>, chemical_id: Uuid, read: Option<i32>) -> Result<()> {
    let mut db = by.app().db().await?;
    let key = store::Key { lab_id: by.lab_id(), chemical_id };
    if store::clear(&mut db, key, read, by.user_id(), by.now()).await? {
        return Ok(());
    }
    let found = store::find(&mut db, by.lab_id(), chemical_id).await?;
    Err(found.map_or(Error::NotFound("overrides"), |_| Error::Stale))
}
