//! Rows that are containers of a lab.

mod cells;

use std::collections::HashMap;

use anyhow::bail;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use self::cells::{read_amount, read_chemical, read_code, read_content, read_location};
use super::{
    faults::{Faults, OrReason, Seen},
    places::{Places, Wanted},
    run::{Load, Outcome},
    store::{self, Content, Imported, Named},
    table::{Column, Row},
};
use crate::{
    app::App,
    chemistry::{Amount, CasNumber, Quantity},
    containers::State,
    error::Result,
    ids, labs,
    phone::Phone,
    text::Name,
};

pub const COLUMNS: &[Column] = &[
    Column::required("code", &["container code", "barcode", "container id", "container", "bottle", "label"]),
    Column::optional("cas", &["cas number", "cas no", "cas rn", "casrn", "cas nr"]),
    Column::optional("chemical", &["chemical name", "substance", "substance name", "name"]),
    Column::required("amount", &["quantity", "initial amount", "size", "content"]),
    Column::optional("unit", &["units", "amount unit", "unit of measure", "uom"]),
    Column::optional("location", &["location path", "location code", "place", "storage", "storage location"]),
    Column::optional("lot", &["lot number", "lot no", "batch", "batch number"]),
    Column::optional("supplier", &["vendor", "manufacturer"]),
    Column::optional("catalogue number", &["catalog number", "catalogue no", "catalog no", "cat no", "product number"]),
    Column::optional("tare", &["tare weight", "tare g"]),
    Column::optional("received", &["received on", "date received", "receipt date"]),
    Column::optional("opened", &["opened on", "date opened", "opening date"]),
    Column::optional("expires", &["expires on", "expiry", "expiry date", "expiration date"]),
    Column::optional("state", &["status"]),
    Column::optional("note", &["notes", "comment", "comments", "remark", "remarks"]),
];

/// A row, before the lab and the catalogue were asked about it.
pub struct Bottle {
    code: String,
    chemical: Chemical,
    amount: Quantity,
    location: Option<Wanted>,
    content: Content,
}

/// What a row calls its chemical.
enum Chemical {
    Cas(CasNumber),
    Name(Name),
}

pub struct Bottles {
    lab_id: Uuid,
    /// Who has it imported, where that was said: nobody is signed in here.
    person: Option<Uuid>,
    create_locations: bool,
    seen: Seen,
}

impl Bottles {
    pub async fn for_lab(
        app: &App,
        lab_id: Uuid,
        create_locations: bool,
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
        Ok(Self { lab_id, person, create_locations, seen: Seen::default() })
    }
}

impl Load for Bottles {
    type Item = Bottle;

    fn read(&mut self, row: &Row) -> OrReason<Bottle> {
        let mut faults = Faults::default();
        if row.has_too_many_cells() {
            faults.add("there are more cells than headers: a delimiter inside a cell needs quotes around the cell");
        }
        let (code, chemical) = (read_code(row, &mut faults), read_chemical(row, &mut faults));
        let (amount, location) = (read_amount(row, &mut faults), read_location(row, &mut faults));
        let content = read_content(row, &mut faults);
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
        if self.create_locations {
            // As everybody does who changes the tree, so that no two make the same place.
            labs::lock(db, self.lab_id).await?;
        }
        let named = Catalogue::read(db, items).await?;
        let mut places = Places::of_lab(db, self.lab_id).await?;
        let codes: Vec<_> = items.iter().map(|item| item.code.as_str()).collect();
        let there = store::find_imported(db, self.lab_id, &codes).await?;
        let (mut outcomes, mut new) = (Vec::with_capacity(items.len()), Vec::new());
        for item in items {
            let old = there.get(&item.code);
            let may_make = self.create_locations && old.is_none();
            outcomes.push(match (resolve(&named, &mut places, item, may_make, now), old) {
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

fn resolve(
    named: &Catalogue,
    places: &mut Places,
    item: &Bottle,
    may_make: bool,
    now: DateTime<Utc>,
) -> OrReason<Imported> {
    let chemical_id = named.find(&item.chemical)?;
    let location_id = match &item.location {
        Some(wanted) if may_make => Some(places.find_or_make(wanted, now)?),
        Some(wanted) => Some(places.find(wanted)?),
        None => None,
    };
    Ok(Imported {
        id: ids::new(now),
        event_id: ids::new(now),
        code: item.code.clone(),
        chemical_id,
        location_id,
        unit: item.amount.unit,
        amount: Amount::try_from(item.amount.value.get().normalize()).unwrap_or(item.amount.value),
        content: item.content.clone(),
    })
}

impl Imported {
    /// With what was received under this code, not with what has become of it since: a second run finds its own rows.
    fn compare(&self, old: &Self) -> Outcome {
        let mine = &self.content;
        let theirs = &old.content;
        let same = [
            ("chemical", self.chemical_id == old.chemical_id),
            ("amount", self.amount.get() == old.amount.get() && self.unit == old.unit),
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
        let terms: Vec<_> = items.iter().map(|item| item.chemical.term()).collect();
        let mut found = HashMap::<_, Vec<_>>::new();
        for named in store::find_named(db, &terms).await? {
            found.entry(named.term.clone()).or_default().push(named);
        }
        Ok(Self(found))
    }

    /// By its number; or by its own name before the synonyms of others, and never one of several.
    fn find(&self, wanted: &Chemical) -> OrReason<Uuid> {
        let term = wanted.term();
        let named = self.0.get(&term).map(Vec::as_slice).unwrap_or_default();
        let by = |holds: &dyn Fn(&Named) -> bool| named.iter().filter(|it| holds(it)).collect::<Vec<_>>();
        let found = match wanted {
            Chemical::Cas(cas) => by(&|it| it.cas.as_deref() == Some(cas.as_str())),
            Chemical::Name(_) => match by(&|it| it.name.to_lowercase() == term) {
                own if own.is_empty() => by(&|_| true),
                own => own,
            },
        };
        match found[..] {
            [one] => Ok(one.chemical_id),
            [] => Err(format!("`{term}` is not in the catalogue; import chemicals first")),
            _ => Err(format!("{} chemicals of the catalogue are called `{term}`: give the CAS number", found.len())),
        }
    }
}

impl Chemical {
    fn term(&self) -> String {
        match self {
            Self::Cas(cas) => cas.to_string(),
            Self::Name(name) => name.as_str().to_lowercase(),
        }
    }
}
