//! What there is in the world: the catalogue of chemicals that all labs share. Its terms (names, numbers, formulas, all
//! folded) are what a search walks; they are written with the chemical, in one statement.

mod candidates;
mod completion;
mod fold;
mod http;
mod identity;
mod merge;
mod overrides;
mod query;
mod refresh;
mod search;
mod store;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};
use utoipa::ToSchema;
use uuid::Uuid;

use self::identity::{identity, near};
pub use self::{
    candidates::Candidates,
    http::routes,
    merge::{Names, Outcome, upsert_batch},
    query::{Meant, Query},
    refresh::{refresh_all_terms, refresh_terms},
    search::{FEW, meant, search},
    words::labels_one_slip_away,
};
use crate::{
    app::App,
    auth::{Anyone, Auth, Cataloguer},
    batch::Lookups,
    chemistry::{CasNumber, Density, EcNumber, Formula, InChIKey, MolarMass, cas},
    error::{Error, Result},
    page::{Cursor, Limit, Page},
    patch::{self, Change},
    text::{Name, Text},
};

pub const MAX_SYNONYMS: usize = 200;
/// What a term is cut to: a longer name is found by how it begins, and an index entry has its limits.
const MAX_TERM: usize = 500;

pub type Synonym = Text<500>;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Chemical {
    pub id: Uuid,
    #[schema(example = "Ethanol")]
    pub name: String,
    pub cas: Option<CasNumber>,
    pub ec: Option<EcNumber>,
    pub inchikey: Option<InChIKey>,
    /// In Hill order.
    pub formula: Option<Formula>,
    /// g/mol
    pub molar_mass: Option<MolarMass>,
    /// g/mL at 20 Cel
    pub density: Option<Density>,
    #[schema(example = json!(["ethyl alcohol", "EtOH"]))]
    pub synonyms: Vec<String>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ethanol", "cas": "64-17-5", "ec": "200-578-6", "inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
    "formula": "C2H6O", "density": "0.7893", "synonyms": ["ethyl alcohol", "EtOH"]
}))]
pub struct NewChemical {
    /// Your own UUIDv7, if you like.
    pub id: Option<Uuid>,
    pub name: Name,
    pub cas: Option<CasNumber>,
    pub ec: Option<EcNumber>,
    pub inchikey: Option<InChIKey>,
    /// Kept in Hill order.
    pub formula: Option<Formula>,
    /// Left out, it is computed from the formula. One that contradicts the formula is refused.
    pub molar_mass: Option<MolarMass>,
    pub density: Option<Density>,
    /// At most 200. Repetitions are dropped.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub synonyms: Vec<Synonym>,
}

/// Absent stays, null clears. Without a molar mass of its own, a chemical has the one of its formula.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"density": "0.7893", "synonyms": ["ethyl alcohol", "EtOH", "spirit of wine"]}))]
pub struct ChemicalPatch {
    pub name: Option<Name>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<CasNumber>)]
    pub cas: Change<CasNumber>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<EcNumber>)]
    pub ec: Change<EcNumber>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<InChIKey>)]
    pub inchikey: Change<InChIKey>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Formula>)]
    pub formula: Change<Formula>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<MolarMass>)]
    pub molar_mass: Change<MolarMass>,
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Density>)]
    pub density: Change<Density>,
    /// Replaces them all.
    #[serde(deserialize_with = "patch::change")]
    #[schema(value_type = Option<Vec<Synonym>>, max_items = 200)]
    pub synonyms: Change<Vec<Synonym>>,
}

impl Chemical {
    fn new(id: Uuid, new: NewChemical, now: DateTime<Utc>) -> Result<Self> {
        let molar_mass = molar_mass(new.formula.as_ref(), new.molar_mass)?;
        let name = String::from(new.name);
        Ok(Self {
            id,
            synonyms: synonyms(&name, new.synonyms)?,
            name,
            cas: new.cas,
            ec: new.ec,
            inchikey: new.inchikey,
            formula: new.formula,
            molar_mass,
            density: new.density,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    fn apply(&mut self, patch: ChemicalPatch) -> Result<()> {
        if patch.formula.is_some() || patch.molar_mass.is_some() {
            // The molar mass of the former formula says nothing of the new one.
            let kept = self.molar_mass.filter(|_| patch.formula.is_none() || patch.formula == Some(None));
            self.formula = patch.formula.unwrap_or_else(|| self.formula.take());
            self.molar_mass = molar_mass(self.formula.as_ref(), patch.molar_mass.unwrap_or(kept))?;
        }
        self.cas = patch.cas.unwrap_or_else(|| self.cas.take());
        self.ec = patch.ec.unwrap_or_else(|| self.ec.take());
        self.inchikey = patch.inchikey.unwrap_or_else(|| self.inchikey.take());
        self.density = patch.density.unwrap_or(self.density);
        self.name = patch.name.map_or_else(|| std::mem::take(&mut self.name), String::from);
        if let Some(new) = patch.synonyms {
            self.synonyms = synonyms(&self.name, new.unwrap_or_default())?;
        }
        let name = self.name.to_lowercase();
        self.synonyms.retain(|synonym| synonym.to_lowercase() != name);
        Ok(())
    }

    /// Everything that it can be found by: 0 its name, 1 the others.
    fn terms(&self) -> BTreeMap<String, i16> {
        let numbers = [
            self.cas.as_ref().map(CasNumber::as_str),
            self.ec.as_ref().map(EcNumber::as_str),
            self.inchikey.as_ref().map(InChIKey::as_str),
            self.formula.as_ref().map(Formula::as_str),
        ];
        let names: Vec<_> = self.synonyms.iter().chain([&self.name]).map(|name| term(name)).collect();
        let typed = names.iter().filter_map(|name| fold::with_latin_letters(name));
        let others = numbers.into_iter().flatten().map(term).chain(typed).chain(names.iter().cloned());
        let mut terms: BTreeMap<_, _> = others.map(|other| (other, 1)).collect();
        terms.insert(term(&self.name), 0);
        terms
    }

    /// Its own name first.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.synonyms).map(String::as_str)
    }

    /// Whether this is its name or a synonym, but for how it is written.
    pub fn is_called(&self, name: &str) -> bool {
        let name = identity(name);
        self.names().any(|own| identity(own) == name)
    }

    /// Those in its names.
    fn words(&self) -> BTreeSet<String> {
        self.synonyms.iter().chain([&self.name]).flat_map(|name| words::words(name)).collect()
    }
}

/// A text as the terms hold it: folded here, never by the database, whose idea of letters depends on its locale. A name
/// without a letter or digit is its own term.
pub fn term(text: &str) -> String {
    let folded = fold::fold(text);
    let term = if folded.is_empty() { text.to_lowercase() } else { folded };
    term.chars().take(MAX_TERM).collect()
}

/// The one that was given, unless it contradicts the formula; else the formula's.
fn molar_mass(formula: Option<&Formula>, given: Option<MolarMass>) -> Result<Option<MolarMass>> {
    let computed = formula.map(Formula::molar_mass);
    match (given, computed) {
        (Some(given), Some(computed)) if formula.is_some_and(|formula| formula.contradicts(given)) => {
            let formula = formula.map_or("", Formula::as_str);
            let detail = format!("is {given} g/mol, but {formula} has {computed} g/mol: correct the one that is wrong");
            Err(Error::field("/molar_mass", detail))
        }
        _ => Ok(given.or(computed)),
    }
}

/// Without repetitions, whatever their case; the name is no synonym.
fn synonyms(name: &str, given: Vec<Synonym>) -> Result<Vec<String>> {
    if given.len() > MAX_SYNONYMS {
        let detail = format!("must have at most {MAX_SYNONYMS} synonyms, has {}", given.len());
        return Err(Error::field("/synonyms", detail));
    }
    let mut seen = HashSet::from([name.to_lowercase()]);
    Ok(given.into_iter().map(String::from).filter(|synonym| seen.insert(synonym.to_lowercase())).collect())
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
    let (name, id) = after.map_or(START, |Cursor((name, id))| (name.into(), id));
    let mut db = by.lists().await?;
    let rows = store::page(&mut db, &name, id, limit.plus_one()).await?;
    Ok(Page::new(rows, limit, |chemical| (chemical.name.clone(), chemical.id)))
}

/// The chemical with exactly this CAS number. A damaged number is refused with the one that it must have been.
pub async fn look_up(by: &Auth<Anyone>, raw: &str) -> Result<Chemical> {
    let cas = raw.parse::<CasNumber>().map_err(|why| {
        let proposal = cas::propose(raw).map(|cas| format!("; did you mean {cas}?"));
        Error::field("?cas", format!("{why}{}", proposal.unwrap_or_default()))
    })?;
    let mut db = by.app().lookups().await?;
    find_by_cas(&mut db, &cas).await?.ok_or(Error::NotFound("chemical"))
}

pub async fn create(by: &Auth<Cataloguer>, new: NewChemical) -> Result<Chemical> {
    let chemical = Chemical::new(by.id_or_new(new.id), new, by.now())?;
    store::insert(&mut *by.app().db().await?, std::slice::from_ref(&chemical)).await?;
    Ok(chemical)
}

pub async fn change(by: &Auth<Cataloguer>, id: Uuid, read: Option<i32>, patch: ChemicalPatch) -> Result<Chemical> {
    let mut db = by.app().db().await?;
    let mut tx = db.begin().await?;
    let mut chemical = store::lock(&mut tx, id).await?.ok_or(Error::NotFound("chemical"))?;
    if read.is_some_and(|read| read != chemical.version) {
        return Err(Error::Stale);
    }
    chemical.apply(patch)?;
    chemical.version += 1;
    chemical.updated_at = by.now();
    store::update(&mut tx, std::slice::from_ref(&chemical)).await?;
    tx.commit().await?;
    Ok(chemical)
}

pub async fn delete(by: &Auth<Cataloguer>, id: Uuid, read: Option<i32>) -> Result<()> {
    let mut db = by.app().db().await?;
    if store::delete(&mut db, id, read).await? {
        return Ok(());
    }
    let found = find(&mut db, id).await?;
    Err(found.map_or(Error::NotFound("chemical"), |_| Error::Stale))
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Chemical>> {
    Ok(store::find_all(db, &[id]).await?.pop())
}

pub async fn find_by_cas(db: &mut PgConnection, cas: &CasNumber) -> Result<Option<Chemical>> {
    store::find_by_cas(db, cas).await
}
