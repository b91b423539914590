//! Rows that are chemicals of the catalogue.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    columns::Columns,
    faults::{Faults, OrReason},
    headers::Column,
    run::{Load, Outcome, Stored},
    seen::Marks,
    table::Row,
};
use crate::{
    chemicals::{self, MAX_SYNONYMS, Names, NewChemical, Synonym},
    chemistry::{CasNumber, cas},
    error::Result,
    text::Name,
};

pub const COLUMNS: &[Column] = &[
    Column::required("name", &["chemical", "chemical name", "substance", "substance name"]).or_else(&["product name"]),
    Column::optional("cas", &["cas number", "cas no", "cas rn", "casrn", "cas nr", "cas registry number"]),
    Column::optional("ec", &["ec number", "ec no", "einecs", "einecs number"]),
    Column::optional("inchikey", &["inchi key", "standard inchikey"]),
    Column::optional("formula", &["molecular formula", "chemical formula", "sum formula"]),
    Column::optional("molar mass", &["molecular weight", "molecular mass", "molar mass g mol", "mw"]),
    Column::optional("density", &["density g ml", "density g cm3"]),
    Column::optional("synonyms", &["synonym", "other names", "aliases"]),
];

const DELETED: &str =
    "a list brought the entry of this row, and a person deleted it: it stays so; --revive brings it back";

pub struct Substance {
    line: u64,
    new: NewChemical,
}

pub struct Substances {
    columns: Columns,
    names: Names,
}

impl Load for Substances {
    type Item = Substance;

    fn read(&mut self, row: &Row) -> OrReason<Substance> {
        let mut faults = Faults::default();
        if row.has_too_many_cells() {
            faults.add("there are more cells than headers: a delimiter inside a cell needs quotes around the cell");
        }
        faults.contradictions(row);
        let (name, synonyms) = if row.is_pubchem() { pubchem_names(row) } else { csv_names(row, &mut faults) };
        if name.is_none() && (row.is_pubchem() || row.get("name").is_none()) {
            faults.add("the name is empty");
        }
        let columns = self.columns.for_row(row);
        let cas = read_cas(row, columns.repair_cas, &mut faults);
        let (ec, inchikey) = (faults.value(row, "ec"), faults.value(row, "inchikey"));
        let formula = faults.value(row, "formula");
        let molar_mass = faults.number(row, "molar mass", &columns);
        let density = faults.number(row, "density", &columns);
        let new =
            name.map(|name| NewChemical { id: None, name, cas, ec, inchikey, formula, molar_mass, density, synonyms });
        faults.none(new.map(|new| Substance { line: row.line, new }))
    }

    fn columns(&self) -> &Columns {
        &self.columns
    }

    /// A file names a substance once: twice, one of the two is mistaken, and which is for a person to say.
    fn marks(Substance { new, .. }: &Substance) -> Marks {
        let name = ("name", chemicals::small(new.name.as_str()));
        let cas = new.cas.as_ref().map(|cas| ("CAS number", cas.to_string()));
        let key = new.inchikey.as_ref().map(|key| ("InChIKey", key.to_string()));
        let own = cas.as_ref().or(key.as_ref()).unwrap_or(&name).clone();
        Marks { own, all: [Some(name), cas, key].into_iter().flatten().collect() }
    }

    async fn store(&self, db: &mut PgConnection, items: &[Substance], now: DateTime<Utc>) -> Result<Stored> {
        let rows: Vec<_> = items.iter().map(|item| &item.new).collect();
        let outcomes = chemicals::upsert_batch(db, &rows, self.names, now).await?;
        let deleted = items.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == chemicals::Outcome::Deleted);
        let warnings = deleted.map(|(item, _)| (item.line, DELETED.to_owned())).collect();
        Ok(Stored { outcomes: outcomes.into_iter().map(Outcome::from).collect(), warnings, ..Stored::default() })
    }
}

impl Substances {
    pub fn new(columns: Columns, names: Names) -> Self {
        Self { columns, names }
    }
}

/// A damaged number is repaired when that was asked for; else the proposal stands in the reason.
pub fn read_cas(row: &Row, repair: bool, faults: &mut Faults) -> Option<CasNumber> {
    let raw = row.get("cas")?;
    raw.parse().map_or_else(
        |why| {
            let proposal = cas::propose(raw);
            if repair && proposal.is_some() {
                return proposal;
            }
            let switch = if proposal.is_some() { " --repair-cas takes it" } else { "" };
            let hint = cas::hint(raw).map(|hint| format!("; {hint}{switch}"));
            faults.add(format!("cas `{raw}`: {why}{}", hint.unwrap_or_default()));
            None
        },
        Some,
    )
}

fn csv_names(row: &Row, faults: &mut Faults) -> (Option<Name>, Vec<Synonym>) {
    let listed = row.all("synonyms").flat_map(|(_, cell)| cell.split([';', '|']));
    let listed = listed.map(str::trim).filter(|name| !name.is_empty());
    let synonyms: Vec<_> = listed.filter_map(|name| faults.text("synonym", name)).collect();
    if synonyms.len() > MAX_SYNONYMS {
        faults.add(format!("there are {} synonyms, at most {MAX_SYNONYMS} are kept", synonyms.len()));
    }
    (faults.value(row, "name"), synonyms)
}

/// `PubChem` puts the systematic name first and then what people say, the most usual first, up to hundreds. The first
/// that is a name, not a number, becomes ours; the next 200 its synonyms.
fn pubchem_names(row: &Row) -> (Option<Name>, Vec<Synonym>) {
    let systematic = row.get("name");
    let is_name = |name: &&str| name.chars().any(char::is_alphabetic);
    let name = row.rest().filter(is_name).chain(systematic).find_map(|name| name.parse::<Name>().ok());
    // Where all names are missing or too long, it goes by its number.
    let name = name.or_else(|| format!("CAS {}", row.get("cas")?).parse().ok());
    let ours = name.as_ref().map(Name::as_str).unwrap_or_default();
    let numbers = [row.get("cas"), row.get("formula")];
    let says_something = |other: &&str| {
        !other.eq_ignore_ascii_case(ours) && !numbers.iter().flatten().any(|number| number.eq_ignore_ascii_case(other))
    };
    let others = systematic.into_iter().chain(row.rest()).filter(says_something);
    let synonyms = others.filter_map(|other| other.parse().ok()).take(MAX_SYNONYMS).collect();
    (name, synonyms)
}

impl From<chemicals::Outcome> for Outcome {
    fn from(outcome: chemicals::Outcome) -> Self {
        match outcome {
            chemicals::Outcome::Added => Self::Added,
            chemicals::Outcome::Completed => Self::Completed,
            chemicals::Outcome::Unchanged | chemicals::Outcome::Deleted => Self::Unchanged,
            chemicals::Outcome::Refused(why) => Self::Failed(why),
        }
    }
}
