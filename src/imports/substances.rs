//! Rows that are chemicals of the catalogue.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    columns::Columns,
    faults::{Faults, OrReason},
    run::{Load, Outcome, Stored},
    seen::Marks,
    table::Row,
};
use crate::{
    chemicals::{self, Decides, Listed, MAX_SYNONYMS, Names, NewChemical, Synonym},
    chemistry::{CasNumber, EcNumber, InChIKey, cas},
    error::Result,
    text::Name,
};

const DELETED: &str =
    "a list brought the entry of this row, and a person deleted it: it stays so; --revive brings it back";

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
        if !row.is_pubchem() {
            faults.of_the_spreadsheet(row)?;
        }
        let (name, synonyms) = if row.is_pubchem() { pubchem_names(row) } else { csv_names(row, &mut faults) };
        if name.is_none() && (row.is_pubchem() || row.get("name").is_none()) {
            faults.add("the name is empty");
        }
        let columns = self.columns.for_row(row);
        let decides: Option<Decides> = faults.value(row, "decides");
        let numbers = Numbers::read(row, decides, columns.repair_cas, &mut faults);
        let formula = faults.value(row, "formula");
        let molar_mass = faults.number(row, "molar mass", &columns);
        let density = faults.number(row, "density", &columns);
        let Numbers { cas, ec, inchikey } = numbers;
        let new =
            name.map(|name| NewChemical { id: None, name, cas, ec, inchikey, formula, molar_mass, density, synonyms });
        let density_digits = columns.digits(row, "density");
        faults.none(new.map(|new| Substance { line: row.line, listed: Listed { new, decides, density_digits } }))
    }

    fn columns(&self) -> &Columns {
        &self.columns
    }

    /// A file names a substance once: twice, one of the two is mistaken, and which is for a person to say.
    fn marks(Substance { listed: Listed { new, .. }, .. }: &Substance) -> Marks {
        let name = ("name", chemicals::small(new.name.as_str()));
        let cas = new.cas.as_ref().map(|cas| ("CAS number", cas.to_string()));
        let key = new.inchikey.as_ref().map(|key| ("InChIKey", key.to_string()));
        let own = cas.as_ref().or(key.as_ref()).unwrap_or(&name).clone();
        Marks { own, all: [Some(name), cas, key].into_iter().flatten().collect() }
    }

    async fn store(&self, db: &mut PgConnection, items: &[Substance], now: DateTime<Utc>) -> Result<Stored> {
        let listed: Vec<_> = items.iter().map(|item| &item.listed).collect();
        let outcomes = chemicals::upsert_batch(db, &listed, self.names, now).await?;
        let warnings = items.iter().zip(&outcomes).filter_map(|(item, outcome)| {
            let told = match (outcome, item.listed.decides) {
                (chemicals::Outcome::Deleted, _) => DELETED,
                (chemicals::Outcome::Refused(_), _) | (_, None) => return None,
                (_, Some(Decides::Number)) => "the number decided: a name that its entry does not have was left out",
                (_, Some(Decides::Name)) => "the name decided: the numbers beside it were left out",
            };
            Some((item.line, told.to_owned()))
        });
        let warnings = warnings.collect();
        Ok(Stored { outcomes: outcomes.into_iter().map(Outcome::from).collect(), warnings, ..Stored::default() })
    }
}

/// A row, with its line.
pub struct Substance {
    line: u64,
    listed: Listed,
}

/// What tells the substance beside its name.
#[derive(Default)]
struct Numbers {
    cas: Option<CasNumber>,
    ec: Option<EcNumber>,
    inchikey: Option<InChIKey>,
}

impl Numbers {
    /// None where the name decides: they are of another substance, or damaged.
    fn read(row: &Row, decides: Option<Decides>, repair_cas: bool, faults: &mut Faults) -> Self {
        if decides == Some(Decides::Name) {
            return Self::default();
        }
        let cas = read_cas(row, repair_cas, faults);
        let numbers = Self { cas, ec: faults.value(row, "ec"), inchikey: faults.value(row, "inchikey") };
        if decides.is_some() && row.get("cas").or_else(|| row.get("inchikey")).is_none() {
            faults.add("the number is to decide, and there is no CAS number and no InChIKey");
        }
        numbers
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
