//! Rows that are containers of a lab.

mod cells;
mod codes;

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::bail;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use self::{
    cells::{read_amount, read_chemical, read_code, read_content, read_location},
    codes::MadeCodes,
};
use super::{
    ContainerOptions,
    columns::Columns,
    faults::{Faults, OrReason, Seen},
    places::{Places, Wanted},
    run::{Load, Outcome},
    store::{self, Content, Imported, Named},
    table::{Column, Row, Table},
};
use crate::{
    app::App,
    chemicals,
    chemistry::{Amount, CasNumber, Factors, Quantity},
    containers::State,
    error::Result,
    ids, labs,
    phone::Phone,
    text::Name,
};

/// What files call them. `container` alone is not the code: as often it says glass or plastic.
const COLUMNS: &[Column] = &[
    Column::required(
        "code",
        &[
            "container code",
            "bottle code",
            "barcode",
            "container id",
            "container number",
            "container no",
            "bottle id",
            "bottle number",
            "label code",
            "inventory number",
            "flaschennr",
            "flaschennummer",
            "inventarnummer",
        ],
    ),
    Column::optional("cas", &["cas number", "cas no", "cas rn", "casrn", "cas nr", "cas nummer"]),
    Column::optional(
        "chemical",
        &["chemical name", "substance", "substance name", "name", "product name", "bezeichnung", "chemikalie", "stoff"],
    ),
    Column::required(
        "amount",
        &["quantity", "initial amount", "size", "container size", "pack size", "content", "menge", "inhalt"],
    ),
    Column::optional("unit", &["units", "amount unit", "unit of measure", "uom", "einheit"]),
    Column::optional(
        "location",
        &["location path", "location code", "place", "storage", "storage location", "lagerort", "standort"],
    ),
    Column::optional("lot", &["lot number", "lot no", "batch", "batch number", "charge", "chargennummer"]),
    Column::optional("supplier", &["vendor", "manufacturer", "hersteller", "lieferant"]),
    Column::optional(
        "catalogue number",
        &["catalog number", "catalogue no", "catalog no", "cat no", "product number", "artikelnummer"],
    ),
    Column::optional("tare", &["tare weight", "tare g", "leergewicht"]),
    Column::optional(
        "received",
        &["received on", "date received", "receipt date", "date in", "eingangsdatum", "eingang"],
    ),
    Column::optional("opened", &["opened on", "date opened", "opening date", "date open", "anbruchdatum"]),
    Column::optional(
        "expires",
        &["expires on", "expiry", "expiry date", "expiration date", "expiration", "verfallsdatum", "haltbar bis"],
    ),
    // Where both are there, `state` is that of the substance.
    Column::optional("status", &["state", "bottle state", "container state"]),
    Column::optional("note", &["notes", "comment", "comments", "remark", "remarks", "bemerkung", "bemerkungen"]),
];

/// Where codes are made, a file needs none.
pub fn columns(make_codes: bool) -> Vec<Column> {
    COLUMNS
        .iter()
        .map(|column| Column { required: column.required && !(make_codes && column.name == "code"), ..*column })
        .collect()
}

/// A row, before the lab and the catalogue were asked about it.
pub struct Bottle {
    code: String,
    chemical: Chemical,
    amount: Quantity,
    location: Option<Wanted>,
    content: Content,
}

/// What a row calls its chemical: by one of both, or by both, which then must be of one entry.
struct Chemical {
    cas: Option<CasNumber>,
    name: Option<Name>,
}

pub struct Bottles {
    lab_id: Uuid,
    /// Who has it imported, where that was said: nobody is signed in here.
    person: Option<Uuid>,
    create_locations: bool,
    number_decides: bool,
    columns: Columns,
    codes: Option<MadeCodes>,
    made: Mutex<BTreeSet<String>>,
    seen: Seen,
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
            Some(phone) => match store::find_person(&mut db, phone).await? {
                None => bail!("nobody has the phone that --for names; they sign in first"),
                person => person,
            },
        };
        let codes =
            options.make_codes.then(|| MadeCodes::beside(file, table.headers(), lab_id, options.common.dry_run));
        Ok(Self {
            lab_id,
            person,
            create_locations: options.create_locations,
            number_decides: options.number_decides,
            columns,
            codes,
            made: Mutex::default(),
            seen: Seen::default(),
        })
    }

    /// Paths of the locations that were made.
    pub fn locations(&self) -> Vec<String> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
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
        codes.make(row).map_err(|why| faults.add(format!("the code cannot be written down: {why}"))).ok()
    }
}

impl Load for Bottles {
    type Item = Bottle;

    fn read(&mut self, row: &Row) -> OrReason<Bottle> {
        let mut faults = Faults::default();
        if row.has_too_many_cells() {
            faults.add("there are more cells than headers: a delimiter inside a cell needs quotes around the cell");
        }
        let code = self.code(row, &mut faults);
        let columns = &self.columns;
        let chemical = read_chemical(row, columns.repair_cas, &mut faults);
        let (amount, location) = (read_amount(row, columns, &mut faults), read_location(row, &mut faults));
        let content = read_content(row, columns, &mut faults);
        let bottle = match (code, chemical, amount) {
            (Some(code), Some(chemical), Some(amount)) => Some(Bottle { code, chemical, amount, location, content }),
            _ => None,
        };
        let bottle = faults.none(bottle)?;
        if let Some(earlier) = self.seen.earlier("code", &bottle.code) {
            return Err(format!("line {earlier} has the same code"));
        }
        self.seen.note("code", &bottle.code, row.line);
        Ok(bottle)
    }

    async fn store(&self, db: &mut PgConnection, items: &[Bottle], now: DateTime<Utc>) -> Result<Vec<Outcome>> {
        // As everybody does who changes the tree: no two make the same place, and none is closed before its bottles come.
        labs::lock(db, self.lab_id).await?;
        let named = Catalogue::read(db, items).await?;
        let mut places = Places::of_lab(db, self.lab_id).await?;
        let codes: Vec<_> = items.iter().map(|item| item.code.as_str()).collect();
        let there = store::find_imported(db, self.lab_id, &codes).await?;
        let (mut outcomes, mut new) = (Vec::with_capacity(items.len()), Vec::new());
        for item in items {
            let old = there.get(&item.code);
            let may_make = self.create_locations && old.is_none();
            outcomes.push(match (self.resolve(&named, &mut places, item, may_make, now), old) {
                (Err(why), _) => Outcome::Failed(why),
                (Ok(row), Some(old)) => row.compare(old),
                (Ok(row), None) if places.has_code(&row.code) => {
                    Outcome::Failed("a location of the lab has this code".to_owned())
                }
                (Ok(row), None) => {
                    new.push(row);
                    Outcome::Added
                }
            });
        }
        store::insert_locations(db, self.lab_id, places.made(), now).await?;
        store::insert_imported(db, self.lab_id, &new, self.person, now).await?;
        Ok(outcomes)
    }
}

impl Bottles {
    fn resolve(
        &self,
        named: &Catalogue,
        places: &mut Places,
        item: &Bottle,
        may_make: bool,
        now: DateTime<Utc>,
    ) -> OrReason<Imported> {
        let (chemical_id, label) = named.find(&item.chemical, self.number_decides)?;
        let location_id = match &item.location {
            Some(wanted) if may_make => {
                let before = places.made().count();
                let id = places.find_or_make(wanted, now)?;
                if places.made().count() > before {
                    self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(wanted.to_string());
                }
                Some(id)
            }
            Some(wanted) => Some(places.find(wanted)?),
            None => None,
        };
        let mut content = item.content.clone();
        if let Some(label) = label {
            content.note =
                Some(content.note.map_or_else(|| format!("label: {label}"), |note| format!("label: {label} / {note}")));
        }
        Ok(Imported {
            id: ids::new(now),
            event_id: ids::new(now),
            code: item.code.clone(),
            chemical_id,
            location_id,
            unit: item.amount.unit,
            amount: Amount::try_from(item.amount.value.get().normalize()).unwrap_or(item.amount.value),
            content,
        })
    }
}

impl Imported {
    /// 1000 mL is 1 L.
    fn is_as_much_as(&self, old: &Self) -> bool {
        let mine = Quantity { value: self.amount, unit: self.unit };
        mine.in_unit(old.unit, Factors::NONE).is_ok_and(|mine| mine.value == old.amount.get())
    }

    /// With what was received under this code, not with what has become of it since: a second run finds its own rows.
    fn compare(&self, old: &Self) -> Outcome {
        let mine = &self.content;
        let theirs = &old.content;
        let same = [
            ("chemical", self.chemical_id == old.chemical_id),
            ("amount", self.is_as_much_as(old)),
            ("location", self.location_id == old.location_id),
            ("state", mine.state == theirs.state),
            ("tare", mine.tare.map(Amount::get) == theirs.tare.map(Amount::get)),
            ("lot", mine.lot == theirs.lot),
            ("supplier", mine.supplier == theirs.supplier),
            ("catalogue number", mine.catalogue_number == theirs.catalogue_number),
            ("note", mine.note == theirs.note),
            ("received", mine.received_on == theirs.received_on),
            // A bottle that was opened since has a day that the file cannot know.
            ("opened", mine.opened_on == theirs.opened_on || mine.state == State::InStock),
            ("expires", mine.expires_on == theirs.expires_on),
        ];
        let other: Vec<_> = same.iter().filter(|(_, same)| !same).map(|(what, _)| *what).collect();
        if other.is_empty() {
            return Outcome::Unchanged;
        }
        Outcome::Failed(format!("the code exists with other values ({})", other.join(", ")))
    }
}

/// What the catalogue says to the names of a batch.
struct Catalogue(HashMap<String, Vec<Named>>);

impl Catalogue {
    async fn read(db: &mut PgConnection, items: &[Bottle]) -> Result<Self> {
        let terms: Vec<_> = items.iter().flat_map(|item| item.chemical.terms()).collect();
        let mut found = HashMap::<_, Vec<_>>::new();
        for named in store::find_named(db, &terms).await? {
            found.entry(named.term.clone()).or_default().push(named);
        }
        Ok(Self(found))
    }

    fn called(&self, term: &str) -> &[Named] {
        self.0.get(term).map(Vec::as_slice).unwrap_or_default()
    }

    /// By its number, whose entry must have the name that stands beside it; or by its own name before the synonyms of
    /// others, and never one of several. With a name that is only kept for the note.
    fn find(&self, wanted: &Chemical, number_decides: bool) -> OrReason<(Uuid, Option<String>)> {
        let Some(cas) = &wanted.cas else {
            let name = wanted.name.as_ref().map(Name::as_str).unwrap_or_default();
            return self.find_by_name(name).map(|id| (id, None));
        };
        let number = cas.to_string();
        let found: Vec<_> = self
            .called(&chemicals::term(&number))
            .iter()
            .filter(|it| it.cas.as_deref() == Some(cas.as_str()))
            .collect();
        let [one] = found[..] else {
            return Err(format!("`{number}` is not in the catalogue; import chemicals first"));
        };
        let Some(name) = wanted.name.as_ref().map(Name::as_str) else { return Ok((one.chemical_id, None)) };
        let called = self.called(&chemicals::term(name));
        if called.iter().any(|it| it.chemical_id == one.chemical_id) {
            return Ok((one.chemical_id, None));
        }
        if number_decides {
            return Ok((one.chemical_id, Some(name.to_owned())));
        }
        let other = called.first().map(|it| {
            let number = it.cas.as_ref().map(|cas| format!(" ({cas})")).unwrap_or_default();
            format!("; `{name}` is {}{number}", it.name)
        });
        Err(format!(
            "{number} is {} in the catalogue, and `{name}` is none of its names{}: correct one of them, or import with \
             --number-decides to keep the name in the note",
            one.name,
            other.unwrap_or_default()
        ))
    }

    fn find_by_name(&self, name: &str) -> OrReason<Uuid> {
        let term = chemicals::term(name);
        let named = self.called(&term);
        let own: Vec<_> = named.iter().filter(|it| chemicals::term(&it.name) == term).collect();
        let found = if own.is_empty() { named.iter().collect() } else { own };
        match found[..] {
            [one] => Ok(one.chemical_id),
            [] => Err(format!("`{term}` is not in the catalogue; import chemicals first")),
            _ => Err(format!("{} chemicals of the catalogue are called `{term}`: give the CAS number", found.len())),
        }
    }
}

impl Chemical {
    fn terms(&self) -> impl Iterator<Item = String> {
        let name = self.name.as_ref().map(|name| chemicals::term(name.as_str()));
        self.cas.as_ref().map(|cas| chemicals::term(cas.as_str())).into_iter().chain(name)
    }
}
