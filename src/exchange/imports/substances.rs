//! Rows that are chemicals of the catalogue.

use std::collections::HashSet;

use chemistry::{CasNumber, EcNumber, Form, Formula, InChIKey, cas};
use sqlx::PgTransaction;

use super::{
    columns::Columns,
    faults::{Faults, OrReason, shortened},
    pubchem::{self, LeftOut},
    run::{Load, Outcome, Run, Stored},
    table::{Row, Table},
};
use crate::{
    base::{error::Result, text::Name},
    catalogue::chemicals::{self, Decides, Listed, MAX_SYNONYMS, Names, NewChemical, Synonym, identity, why_no_name},
};

const DELETED: &str =
    "a list brought the entry of this row, and a person deleted it: it stays so; --revive brings it back";

pub struct Substances {
    columns: Columns,
    names: Names,
    /// All of the file.
    synonyms: HashSet<String>,
    left_out: LeftOut,
}

impl Load for Substances {
    type Item = Substance;

    fn read(&mut self, row: &Row) -> OrReason<Substance> {
        let mut faults = Faults::default();
        faults.of_the_form(row);
        faults.contradictions(row);
        if !row.is_pubchem() {
            faults.of_the_spreadsheet(row)?;
        }
        let (name, synonyms) =
            if row.is_pubchem() { pubchem::names(row, &mut self.left_out) } else { csv_names(row, &mut faults) };
        if synonyms.len() > MAX_SYNONYMS {
            faults.add(format!("there are {} synonyms, at most {MAX_SYNONYMS} are kept", synonyms.len()));
        }
        if name.is_none() && (row.is_pubchem() || row.get("name").is_none()) {
            faults.add("the name is empty");
        }
        let columns = self.columns.for_row(row);
        let decides: Option<Decides> = faults.value(row, "decides");
        let numbers = Numbers::read(row, decides, columns.repair_cas, &mut faults);
        let formula: Option<Formula> = faults.value(row, "formula");
        let named = name.as_ref().filter(|_| !row.is_pubchem()).zip(formula.as_ref());
        if let Some((name, formula, difference)) =
            named.and_then(|(name, formula)| Some((name, formula, Form::of(name.as_str()).is_not_of(formula)?)))
        {
            faults.add(format!(
                "the name `{name}` and the formula {formula} differ in their {difference}: correct one of them"
            ));
        }
        let molar_mass = faults.number(row, "molar mass", &columns);
        let density = faults.number(row, "density", &columns);
        let Numbers { cas, ec, inchikey } = numbers;
        let new =
            name.map(|name| NewChemical { id: None, name, cas, ec, inchikey, formula, molar_mass, density, synonyms });
        let (density_digits, doubt) = (columns.digits(row, "density"), faults.doubt());
        let has_other_numbers = decides == Some(Decides::Name) && has_number(row);
        let listed = |new| Listed { new, decides, has_other_numbers, density_digits, doubt };
        faults.none(new.map(|new| Substance { line: row.line, listed: listed(new) }))
    }

    fn columns(&self) -> &Columns {
        &self.columns
    }

    /// A row without a number may be what a later row has as a synonym, or for its formula: in either order, both are
    /// one.
    fn waits(&self, row: &Row) -> bool {
        let is_other = |name: &str| self.synonyms.contains(&identity(name)) || name.parse::<Formula>().is_ok();
        !has_number(row) && row.get("name").is_some_and(is_other)
    }

    async fn store(&self, tx: &mut PgTransaction<'_>, items: &[Substance], run: Run) -> Result<Stored> {
        let listed: Vec<_> = items.iter().map(|item| &item.listed).collect();
        let (outcomes, changes) = if run.is_dry {
            chemicals::try_batch(tx, &listed, self.names, run.now).await?
        } else {
            chemicals::upsert_batch(tx, &listed, self.names, run.now).await?
        };
        let warnings = items.iter().zip(&outcomes).filter_map(|(item, outcome)| {
            let told = match (outcome, item.listed.decides) {
                (chemicals::Outcome::Deleted, _) => DELETED,
                (chemicals::Outcome::Refused(_), _) | (_, None) => return None,
                (_, Some(Decides::Number)) => "the number decided: a name that its entry does not have was left out",
                (_, Some(Decides::Name)) if item.listed.has_other_numbers => {
                    "the name decided: all that stands beside it was left out"
                }
                (_, Some(Decides::Name)) => "the name decided: synonyms beside it were left out",
            };
            Some((item.line, told.to_owned()))
        });
        let warnings = warnings.collect();
        let outcomes = outcomes.into_iter().map(Outcome::from).collect();
        Ok(Stored { outcomes, warnings, changes, ..Stored::default() })
    }
}

/// A row, with its line.
pub struct Substance {
    line: u64,
    listed: Listed,
}

fn has_number(row: &Row) -> bool {
    ["cas", "ec", "inchikey"].iter().any(|column| row.get(column).is_some())
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
    pub fn new(table: &Table<'_>, columns: Columns, names: Names) -> Self {
        let mut synonyms = HashSet::new();
        if !table.is_pubchem() {
            for row in table.rows().flatten() {
                synonyms.extend(listed_synonyms(&row).map(identity));
            }
        }
        Self { columns, names, synonyms, left_out: LeftOut::default() }
    }

    /// Of names that were left out.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.left_out.warnings()
    }
}

/// A damaged number is repaired when that was asked for; else the proposal stands in the reason, and tells whether the
/// row came in before.
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
            let fault = format!("cas `{}`: {why}{}", shortened(raw), hint.unwrap_or_default());
            if proposal.is_some() {
                faults.add_doubt(fault);
            } else {
                faults.add(fault);
            }
            proposal
        },
        Some,
    )
}

fn listed_synonyms<'r>(row: &'r Row) -> impl Iterator<Item = &'r str> {
    let listed = row.all("synonyms").flat_map(|(_, cell)| cell.split([';', '|']));
    listed.map(str::trim).filter(|name| !name.is_empty())
}

fn csv_names(row: &Row, faults: &mut Faults) -> (Option<Name>, Vec<Synonym>) {
    let synonyms: Vec<Synonym> = listed_synonyms(row).filter_map(|name| faults.text("synonym", name)).collect();
    let name: Option<Name> = faults.value(row, "name");
    let named = name.iter().map(|name| ("name", name.as_str()));
    for (what, text) in named.chain(synonyms.iter().map(|it| ("synonym", it.as_str()))) {
        if let Some(why) = why_no_name(text) {
            faults.add(format!("the {what} `{text}` {why}"));
        }
    }
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
