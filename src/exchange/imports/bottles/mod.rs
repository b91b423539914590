//! Rows that are containers of a lab.

mod amounts;
mod catalogue;
mod cells;
mod codes;
mod deciding;
mod doubled;
mod doubts;
mod known;
mod making;
mod pending;
mod person;
mod reading;
mod solution;
mod stated;

use std::path::{Path, PathBuf};

use anyhow::bail;
use chemistry::{Quantity, canonical_code};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgTransaction;
use uuid::Uuid;

pub use self::amounts::may_be_count;
use self::{
    catalogue::{Catalogue, Chemical},
    codes::{List, MadeCodes},
    deciding::Beside,
    doubled::Doubled,
    known::by_code,
    stated::Stated,
};
use super::{
    ContainerOptions, Usage, Whom,
    columns::Columns,
    faults::OrReason,
    headings,
    place_path::{ListedPaths, PlacePath},
    places::Places,
    run::{Load, Outcome, Run, Stored},
    store,
    table::{Row, Table},
};
use crate::{
    auth::{self, Keys, Role},
    base::error::{Error, Result},
    people::labs,
    platform::app::App,
    stock::{
        containers::{
            Fingerprint,
            imported::{self, Content},
        },
        locations,
    },
};

/// A row, before the lab and the catalogue were asked about it.
pub struct Bottle {
    line: u64,
    code: String,
    chemical: Chemical,
    stated: Stated,
    amount: Quantity,
    location: Option<PlacePath>,
    content: Content,
    /// Of all that the row says, as it says it.
    fingerprint: Fingerprint,
    /// Why it is refused unless it came in before.
    doubt: Option<String>,
    /// The cells of the row, where its code was made.
    cells: Option<Vec<String>>,
    /// What should be looked at when it comes in.
    warning: Option<String>,
    /// The line before it that says the same of its code.
    repeated: Option<u64>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is another decision of whoever imports")]
pub struct Bottles {
    lab_id: Uuid,
    /// Who has it imported, where that was said.
    person: Option<Uuid>,
    /// Whether they are signed in and see and may what they see and may, and not all.
    is_by_rights: bool,
    create_locations: bool,
    listed: ListedPaths,
    number_decides: bool,
    /// Whether bottles that were undone come back.
    revive: bool,
    columns: Columns,
    codes: Option<MadeCodes>,
    doubled: Doubled,
    today: NaiveDate,
}

impl Bottles {
    pub async fn for_lab(
        app: &App,
        file: &Path,
        table: &Table<'_>,
        lab_id: Uuid,
        options: &ContainerOptions,
        columns: Columns,
        whom: Whom<'_>,
    ) -> anyhow::Result<Self> {
        let mut db = app.db().await?;
        if !store::lab_exists(&mut db, lab_id).await? {
            bail!(Usage(format!("there is no lab {lab_id}; GET /v1/labs lists yours")));
        }
        let person = match whom {
            Whom::Nobody => None,
            Whom::Called(phone) => Some(person::find(&mut db, lab_id, phone).await?),
            Whom::SignedIn(id) => Some(id),
        };
        let known = headings::of_bottles(false);
        let make = || {
            let list = List { file, table, columns: &columns, known: &known, options: &options.common };
            MadeCodes::beside(&list, lab_id, options.common.dry_run)
        };
        let mut codes = options.make_codes.then(make).transpose()?;
        if let Some(codes) = &mut codes {
            let there = imported::find(&mut db, lab_id, &codes.instead()).await?;
            codes.give_back(&there.into_iter().filter_map(|bottle| bottle.imported_as).collect());
            if codes.are_missing() {
                let is_known = store::knows_list(&mut db, lab_id, codes.list()).await?;
                let there = imported::find(&mut db, lab_id, &codes.all()).await?;
                codes.has_come_before = is_known || !there.is_empty();
            }
        }
        let listed = if options.create_locations { ListedPaths::of(table)? } else { ListedPaths::default() };
        let mut bottles = Self {
            lab_id,
            person,
            is_by_rights: matches!(whom, Whom::SignedIn(_)),
            create_locations: options.create_locations,
            listed,
            number_decides: options.number_decides,
            revive: options.common.revive,
            columns,
            codes,
            doubled: Doubled::default(),
            today: app.clock.now().date_naive(),
        };
        bottles.doubled = Doubled::of(table, |row| Some(bottles.read_alone(row).ok()?.says()))?;
        Ok(bottles)
    }

    /// Of whoever has it imported, as they are now: a right that ends while it runs ends it.
    async fn keys(&self, tx: &mut PgTransaction<'_>, now: DateTime<Utc>) -> Result<Keys> {
        let Some(person) = self.person.filter(|_| self.is_by_rights) else { return Ok(Keys::default()) };
        match auth::role_and_keys(tx, person, self.lab_id, now).await? {
            Some((role, keys)) if role >= Role::Manager => Ok(keys),
            _ => Err(Error::Forbidden("the right to import into the lab has ended")),
        }
    }
}

impl Load for Bottles {
    type Item = Bottle;

    fn read(&mut self, row: &Row) -> OrReason<Bottle> {
        let mut bottle = self.read_alone(row)?;
        bottle.repeated = self.doubled.repeated(&bottle.code, bottle.line);
        let doubts = [bottle.doubt.take(), self.doubled.contradiction(&bottle.code, bottle.line)];
        let doubts: Vec<_> = doubts.into_iter().flatten().collect();
        bottle.doubt = Some(doubts.join("; ")).filter(|doubt| !doubt.is_empty());
        Ok(bottle)
    }

    fn made_for(&self) -> Option<Uuid> {
        self.codes.as_ref().map(|_| self.lab_id)
    }

    fn made_code(&self, row: &Row) -> Option<&str> {
        self.codes.as_ref().filter(|_| row.get("code").is_none()).and_then(|codes| codes.kept(row))
    }

    fn codes_file(&self) -> Option<PathBuf> {
        self.codes.as_ref().and_then(MadeCodes::path)
    }

    fn columns(&self) -> &Columns {
        &self.columns
    }

    fn mark(bottle: &Bottle) -> Option<String> {
        Some(canonical_code(&bottle.code))
    }

    fn lab_id(&self) -> Uuid {
        self.lab_id
    }

    fn person(&self) -> Option<Uuid> {
        self.person
    }

    async fn store(&self, tx: &mut PgTransaction<'_>, items: &[Bottle], run: Run) -> Result<Stored> {
        // As everybody does who changes the tree: no two make the same place, and none is closed before its bottles
        // come.
        if !run.is_dry {
            labs::lock(tx, self.lab_id).await?;
        }
        let keys = self.keys(tx, run.now).await?;
        let named = Catalogue::read(tx, self.lab_id, items).await?;
        let mut places = Places::of_lab(tx, self.lab_id, &self.listed, &keys).await?;
        let codes: Vec<_> = items.iter().map(|item| item.code.as_str()).collect();
        let all = imported::find(tx, self.lab_id, &codes).await?;
        let known = by_code(all.iter().filter(|bottle| !self.revive || !bottle.is_voided));
        let (mut stored, mut new) = (Stored::default(), Vec::new());
        for item in items {
            let known = known.get(&canonical_code(&item.code)).into_iter().flatten().copied();
            let (known, unseen) = known.partition(|it| keys.sees(it.lies_in));
            match self.decide(&named, &mut places, item, &Beside { known, unseen }, run.now) {
                Err(why) => stored.outcomes.push(Outcome::Failed(why)),
                Ok((row, warnings)) => {
                    stored.outcomes.push(if row.is_some() { Outcome::Added } else { Outcome::Unchanged });
                    new.extend(row);
                    let repeated =
                        item.repeated.map(|line| format!("says the same of its code as line {line}: it is one bottle"));
                    stored.warnings.extend(warnings.into_iter().chain(repeated).map(|warning| (item.line, warning)));
                }
            }
        }
        stored.changes = locations::insert_made(tx, self.lab_id, places.made(), run.now).await?;
        imported::insert(tx, self.lab_id, new, self.person, run.id, run.now).await?;
        let brings =
            |(item, outcome): (&Bottle, &Outcome)| item.cells.is_some() && !matches!(outcome, Outcome::Failed(_));
        if let Some(codes) = self.codes.as_ref().filter(|_| items.iter().zip(&stored.outcomes).any(brings)) {
            store::keep_list(tx, self.lab_id, codes.list()).await?;
        }
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
