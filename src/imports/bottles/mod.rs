//! Rows that are containers of a lab.

mod catalogue;
mod cells;
mod codes;
mod columns;
mod repeats;

use std::path::{Path, PathBuf};

use anyhow::bail;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::columns::columns;
use self::{
    catalogue::{Catalogue, Chemical, Meant},
    cells::{read_amount, read_chemical, read_code, read_content, read_location},
    codes::MadeCodes,
};
use super::{
    ContainerOptions,
    columns::Columns,
    faults::{Faults, OrReason},
    places::{Places, Wanted},
    run::{Load, Outcome, Stored},
    seen::Marks,
    store::{self, Content, Imported},
    table::{Row, Table},
};
use crate::{
    app::App,
    chemistry::{Amount, Quantity},
    error::Result,
    ids, labs,
    phone::Phone,
};

/// A row, before the lab and the catalogue were asked about it.
pub struct Bottle {
    line: u64,
    code: String,
    chemical: Chemical,
    amount: Quantity,
    location: Option<Wanted>,
    content: Content,
    /// The cells of the row, where its code was made.
    cells: Option<Vec<String>>,
}

pub struct Bottles {
    lab_id: Uuid,
    /// Who has it imported, where that was said: nobody is signed in here.
    person: Option<Uuid>,
    create_locations: bool,
    number_decides: bool,
    columns: Columns,
    codes: Option<MadeCodes>,
}

impl Bottles {
    pub async fn for_lab(
        app: &App,
        file: &Path,
        table: &Table<'_>,
        lab_id: Uuid,
        options: &ContainerOptions,
        columns: Columns,
        person: Option<&Phone>,
    ) -> anyhow::Result<Self> {
        let mut db = app.db().await?;
        if !store::lab_exists(&mut db, lab_id).await? {
            bail!("there is no lab {lab_id}; GET /v1/labs lists yours");
        }
        let person = match person {
            None => None,
            Some(phone) => match store::find_person(&mut db, lab_id, phone).await? {
                None => bail!("nobody has the phone that --for names; they sign in first"),
                Some(person) if person.is_disabled => bail!("the account of the person whom --for names is disabled"),
                Some(person) if !person.is_member => {
                    bail!("the person whom --for names is no member of the lab; an administrator adds them first")
                }
                Some(person) => Some(person.id),
            },
        };
        let codes = options.make_codes.then(|| MadeCodes::beside(file, table.headers(), lab_id));
        Ok(Self {
            lab_id,
            person,
            create_locations: options.create_locations,
            number_decides: options.number_decides,
            columns,
            codes,
        })
    }

    pub fn codes_file(&self) -> Option<PathBuf> {
        self.codes.as_ref().and_then(MadeCodes::path)
    }

    fn code(&mut self, row: &Row, faults: &mut Faults) -> Option<String> {
        if row.get("code").is_some() {
            return read_code(row, faults);
        }
        let Some(codes) = &mut self.codes else {
            faults.add(
                "the code is empty: it tells a bottle from the others, and a second import from the first. --make-codes makes \
                 codes",
            );
            return None;
        };
        Some(codes.make(row))
    }
}

impl Load for Bottles {
    type Item = Bottle;

    fn read(&mut self, row: &Row) -> OrReason<Bottle> {
        let mut faults = Faults::default();
        if row.has_too_many_cells() {
            faults.add("there are more cells than headers: a delimiter inside a cell needs quotes around the cell");
        }
        faults.contradictions(row);
        let code = self.code(row, &mut faults);
        let columns = &*self.columns.for_row(row);
        let chemical = read_chemical(row, columns.repair_cas, &mut faults);
        let (amount, location) = (read_amount(row, columns, &mut faults), read_location(row, &mut faults));
        let content = read_content(row, columns, &mut faults);
        let cells = row.get("code").is_none().then(|| row.cells());
        let bottle = match (code, chemical, amount) {
            (Some(code), Some(chemical), Some(amount)) => {
                Some(Bottle { line: row.line, code, chemical, amount, location, content, cells })
            }
            _ => None,
        };
        faults.none(bottle)
    }

    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn marks(bottle: &Bottle) -> Marks {
        let code = ("code", bottle.code.clone());
        Marks { own: code.clone(), all: vec![code] }
    }

    async fn store(&self, db: &mut PgConnection, items: &[Bottle], now: DateTime<Utc>) -> Result<Stored> {
        // As everybody does who changes the tree: no two make the same place, and none is closed before its bottles come.
        labs::lock(db, self.lab_id).await?;
        let named = Catalogue::read(db, self.lab_id, items).await?;
        let mut places = Places::of_lab(db, self.lab_id).await?;
        let codes: Vec<_> = items.iter().map(|item| item.code.as_str()).collect();
        let there = store::find_imported(db, self.lab_id, &codes).await?;
        let (mut stored, mut new) = (Stored::default(), Vec::new());
        for item in items {
            let old = there.get(&item.code);
            let (outcome, warning) = match (self.resolve(&named, &mut places, item, old.is_none(), now), old) {
                (Err(why), _) => (Outcome::Failed(why), None),
                (Ok((row, warning)), Some(old)) => (row.compare(old), warning),
                (Ok((row, warning)), None) => {
                    new.push(row);
                    (Outcome::Added, warning)
                }
            };
            if !matches!(outcome, Outcome::Failed(_)) {
                stored.warnings.extend(warning.map(|warning| (item.line, warning)));
            }
            stored.outcomes.push(outcome);
        }
        store::insert_locations(db, self.lab_id, places.made(), now).await?;
        store::insert_imported(db, self.lab_id, &new, self.person, now).await?;
        stored.locations = places.into_made_paths();
        Ok(stored)
    }

    /// On the disk before the rows are: a label may be printed for what is in the database.
    fn keep(&mut self, items: &[Bottle], outcomes: &[Outcome]) -> anyhow::Result<()> {
        let Some(codes) = &mut self.codes else { return Ok(()) };
        let there = items.iter().zip(outcomes).filter(|(_, outcome)| !matches!(outcome, Outcome::Failed(_)));
        codes.write(there.filter_map(|(item, _)| Some((item.code.as_str(), item.cells.as_deref()?))))
    }
}

impl Bottles {
    /// As it is to be stored, with a warning where one is due.
    fn resolve(
        &self,
        named: &Catalogue,
        places: &mut Places,
        item: &Bottle,
        is_new: bool,
        now: DateTime<Utc>,
    ) -> OrReason<(Imported, Option<String>)> {
        let Meant { id: chemical_id, other_name } = named.find(&item.chemical, self.number_decides)?;
        if is_new && places.has_code(&item.code) {
            return Err("a location of the lab has this code".to_owned());
        }
        // Last: a row that is refused makes no place.
        let location_id = match &item.location {
            Some(wanted) if is_new && self.create_locations => Some(places.find_or_make(wanted, now)?),
            Some(wanted) => Some(places.find(wanted)?),
            None => None,
        };
        let (label, warning) = other_name.unzip();
        let mut content = item.content.clone();
        if let Some(label) = label {
            content.note =
                Some(content.note.map_or_else(|| format!("label: {label}"), |note| format!("label: {label} / {note}")));
        }
        let row = Imported {
            id: ids::new(now),
            event_id: ids::new(now),
            code: item.code.clone(),
            chemical_id,
            location_id,
            unit: item.amount.unit,
            amount: Amount::try_from(item.amount.value.get().normalize()).unwrap_or(item.amount.value),
            content,
            fingerprint: None,
        };
        Ok((row.with_fingerprint(), warning))
    }
}
