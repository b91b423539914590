//! Many chemicals at once, for an import: each is added, or completes the entry that means the same substance. What a
//! person has put into the catalogue is never overwritten, and a row that contradicts it is refused whole: of two values
//! one is wrong, and which, nobody here can know.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    Chemical, NewChemical, Synonym,
    completion::{completed, contradictions},
    identity, near, store, term,
};
use crate::{
    chemistry::{CasNumber, EcNumber, InChIKey},
    error::{Error, Result},
    ids,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Added,
    /// It filled empty fields or brought new synonyms.
    Completed,
    Unchanged,
    Refused(String),
}

/// What whoever imports has decided about names that do not agree with the numbers beside them. Undecided, such a row is
/// refused: name and number may be of two substances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names {
    /// A name that the entry of a row's number does not have becomes its synonym, unless another entry has it.
    pub may_be_new: bool,
    /// A row whose number is new is an entry of its own, also where another has its name or one of its other numbers.
    pub may_be_shared: bool,
}

/// Adds or completes, in the caller's transaction: three statements whatever their number. The entry that a row means is
/// the one with its CAS number, else with its InChIKey, else with its name, unless their numbers differ. A row without
/// either may go by a synonym.
pub async fn upsert_batch(
    db: &mut PgConnection,
    rows: &[NewChemical],
    names: Names,
    now: DateTime<Utc>,
) -> Result<Vec<Outcome>> {
    let mut catalogue = Extract::read(db, rows, names).await?;
    let outcomes = rows.iter().map(|row| catalogue.take(row, names, now)).collect();
    let new = catalogue.with(State::New);
    if !new.is_empty() {
        store::insert(db, &new).await?;
    }
    let mut completed = catalogue.with(State::Completed);
    for chemical in &mut completed {
        chemical.version += 1;
        chemical.updated_at = now;
    }
    if !completed.is_empty() {
        store::update(db, &completed).await?;
    }
    Ok(outcomes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    AsItWas,
    New,
    Completed,
}

/// The part of the catalogue that a batch can mean, as it grows with the batch.
#[derive(Default)]
struct Extract {
    chemicals: Vec<(Chemical, State)>,
    by_cas: HashMap<CasNumber, usize>,
    by_inchikey: HashMap<InChIKey, HashSet<usize>>,
    /// Whose names are alike but for hyphens and spaces.
    by_name: HashMap<String, Vec<usize>>,
}

impl Extract {
    async fn read(db: &mut PgConnection, rows: &[NewChemical], names: Names) -> Result<Self> {
        let cas: Vec<_> = rows.iter().filter_map(|row| row.cas.as_ref().map(CasNumber::as_str)).collect();
        let inchikeys: Vec<_> = rows.iter().filter_map(|row| row.inchikey.as_ref().map(InChIKey::as_str)).collect();
        let numbers = rows.iter().filter_map(|row| row.ec.as_ref().map(EcNumber::as_str));
        // Where a synonym may be shared, nobody asks whose it is.
        let synonyms = rows.iter().filter(|_| !names.may_be_shared).flat_map(|row| &row.synonyms).map(Synonym::as_str);
        let names = rows.iter().map(|row| row.name.as_str()).chain(numbers).chain(synonyms);
        let names: Vec<_> = names.map(term).collect();
        let mut extract = Self::default();
        for chemical in store::lock_alike(db, &cas, &inchikeys, &names).await? {
            extract.push(chemical, State::AsItWas);
        }
        Ok(extract)
    }

    fn push(&mut self, chemical: Chemical, state: State) {
        let at = self.chemicals.len();
        self.chemicals.push((chemical, state));
        self.index(at);
    }

    fn index(&mut self, at: usize) {
        let (chemical, _) = &self.chemicals[at];
        if let Some(cas) = &chemical.cas {
            self.by_cas.insert(cas.clone(), at);
        }
        if let Some(inchikey) = &chemical.inchikey {
            self.by_inchikey.entry(inchikey.clone()).or_default().insert(at);
        }
        for name in chemical.names() {
            let alike = self.by_name.entry(near(name)).or_default();
            if !alike.contains(&at) {
                alike.push(at);
            }
        }
    }

    fn with(&self, wanted: State) -> Vec<Chemical> {
        self.chemicals.iter().filter(|(_, state)| *state == wanted).map(|(chemical, _)| chemical.clone()).collect()
    }

    fn take(&mut self, row: &NewChemical, names: Names, now: DateTime<Utc>) -> Outcome {
        let found = self.meant(row).and_then(|at| {
            let why = match at {
                Some(at) => self.contradiction(at, row, names),
                None if names.may_be_shared => None,
                None => self.of_another(row),
            };
            why.map_or(Ok(at), Err)
        });
        match found {
            Ok(Some(at)) => self.complete(at, row),
            Ok(None) => match Chemical::new(row.id.unwrap_or_else(|| ids::new(now)), row.clone(), now) {
                Ok(chemical) => {
                    self.push(chemical, State::New);
                    Outcome::Added
                }
                Err(why) => Outcome::Refused(reason(&why)),
            },
            Err(why) => Outcome::Refused(why),
        }
    }

    /// Why the row is no new entry: something in it is another's, and the rest is not.
    fn of_another(&self, row: &NewChemical) -> Option<String> {
        let name = row.name.as_str();
        let mut found = self.numbers_of_others(None, row);
        found.extend(self.others_called(name, None).map(|(other, own)| match own {
            own if identity(own) == identity(name) => format!("`{name}` is a name of {}", told(other)),
            own => format!("`{name}` differs from `{own}`, a name of {}, only by hyphens and spaces", told(other)),
        }));
        found.extend(self.synonyms_of_others(None, row));
        if found.is_empty() {
            return None;
        }
        let new = match (&row.cas, &row.inchikey) {
            (Some(cas), _) => format!(", while the CAS number {cas} is in no entry"),
            (None, Some(key)) => format!(", while the InChIKey {key} is in no entry that fits"),
            (None, None) => String::new(),
        };
        Some(format!(
            "{}{new}: correct what is wrong, or import with --number-decides to make the row an entry of its own",
            found.join("; ")
        ))
    }

    /// Why the row cannot be of this entry, with both values.
    fn contradiction(&self, at: usize, row: &NewChemical, names: Names) -> Option<String> {
        let (chemical, _) = &self.chemicals[at];
        let mut values = contradictions(chemical, row);
        values.extend(self.numbers_of_others(Some(at), row));
        if !names.may_be_shared {
            values.extend(self.synonyms_of_others(Some(at), row));
        }
        if !values.is_empty() {
            return Some(format!(
                "this is `{}` of the catalogue by its number, but {}",
                chemical.name,
                values.join("; ")
            ));
        }
        let name = row.name.as_str();
        if chemical.is_called(name) {
            return None;
        }
        if let Some((other, _)) = self.others_called(name, Some(at)).next() {
            let number = other.cas.as_ref().map(|cas| format!(" ({cas})")).unwrap_or_default();
            return Some(format!(
                "`{name}` is the name of another entry, `{}`{number}, and the number that of `{}`",
                other.name, chemical.name
            ));
        }
        // A key of the structure says as much as the name.
        let has_key = row.inchikey.is_some() && row.inchikey == chemical.inchikey;
        let shares_a_name = row.synonyms.iter().any(|synonym| chemical.is_called(synonym.as_str()));
        if names.may_be_new || has_key || shares_a_name {
            return None;
        }
        Some(format!(
            "`{name}` is none of the names of `{}`, whose number it has: correct one of them, or import with --new-names \
             to make it a synonym",
            chemical.name
        ))
    }

    /// A number that another entry has is not this one's, also while this one has none yet.
    fn numbers_of_others(&self, at: Option<usize>, row: &NewChemical) -> Vec<String> {
        let own = at.map(|at| &self.chemicals[at].0);
        let others =
            || self.chemicals.iter().enumerate().filter(|(other, _)| Some(*other) != at).map(|(_, (it, _))| it);
        let mut found = Vec::new();
        if let Some(ec) = row.ec.as_ref().filter(|_| own.is_none_or(|own| own.ec.is_none()))
            && let Some(other) = others().find(|other| other.ec.as_ref() == Some(ec))
        {
            found.push(format!("the EC number {ec} is that of {}", told(other)));
        }
        if let Some(key) = row.inchikey.as_ref().filter(|_| own.is_none_or(|own| own.inchikey.is_none()))
            && let Some(other) = others().find(|other| other.inchikey.as_ref() == Some(key))
        {
            found.push(format!("the InChIKey {key} is that of {}", told(other)));
        }
        found
    }

    /// A synonym may be shared; what another entry goes by first is not given away.
    fn synonyms_of_others(&self, at: Option<usize>, row: &NewChemical) -> Vec<String> {
        let own = at.map(|at| &self.chemicals[at].0);
        let new = row.synonyms.iter().map(Synonym::as_str);
        let new = new
            .filter(|name| own.is_none_or(|own| !own.is_called(name)) && identity(name) != identity(row.name.as_str()));
        new.filter_map(|name| {
            let number =
                name.parse().ok().and_then(|cas: CasNumber| self.by_cas.get(&cas)).filter(|other| Some(**other) != at);
            if let Some(other) = number {
                return Some(format!("the synonym `{name}` is the CAS number of {}", told(&self.chemicals[*other].0)));
            }
            let mut others = self.others_called(name, at);
            let (other, _) = others.find(|(other, _)| identity(&other.name) == identity(name))?;
            Some(format!("the synonym `{name}` is the name of {}", told(other)))
        })
        .collect()
    }

    /// The others that have the name, but for hyphens and spaces, and how they write it.
    fn others_called<'a>(&'a self, name: &str, at: Option<usize>) -> impl Iterator<Item = (&'a Chemical, &'a str)> {
        let key = near(name);
        let others = self.by_name.get(&key).into_iter().flatten().filter(move |other| Some(**other) != at);
        others.filter_map(move |other| {
            let (other, _) = &self.chemicals[*other];
            other.names().find(|own| near(own) == key).map(|own| (other, own))
        })
    }

    fn complete(&mut self, at: usize, row: &NewChemical) -> Outcome {
        let (chemical, state) = &mut self.chemicals[at];
        match completed(chemical, row) {
            Ok(None) => Outcome::Unchanged,
            Ok(Some(now)) => {
                *chemical = now;
                if *state == State::AsItWas {
                    *state = State::Completed;
                }
                self.index(at);
                Outcome::Completed
            }
            Err(why) => Outcome::Refused(reason(&why)),
        }
    }

    fn meant(&self, row: &NewChemical) -> std::result::Result<Option<usize>, String> {
        if let Some(at) = row.cas.as_ref().and_then(|cas| self.by_cas.get(cas)) {
            return Ok(Some(*at));
        }
        let name = identity(row.name.as_str());
        let with_key: Vec<_> =
            row.inchikey.iter().filter_map(|key| self.by_inchikey.get(key)).flatten().copied().collect();
        for candidates in [with_key, self.called(row)] {
            let alike: Vec<_> = candidates.into_iter().filter(|at| self.may_be(*at, row)).collect();
            let same_name = || alike.iter().copied().filter(|at| identity(&self.chemicals[*at].0.name) == name);
            // A row that went in before, when there was less to choose from, went into one that says what it says.
            let says_it = |at: &usize| matches!(completed(&self.chemicals[*at].0, row), Ok(None));
            match (alike.len(), same_name().count()) {
                (0, _) => {}
                (1, _) => return Ok(alike.first().copied()),
                (_, 1) => return Ok(same_name().next()),
                (n, _) => match alike.iter().copied().find(says_it) {
                    None => return Err(format!("{n} chemicals of the catalogue could be meant: give the CAS number")),
                    known => return Ok(known),
                },
            }
        }
        Ok(None)
    }

    /// Those of the row's name; those that have it as a synonym only for a row that no number tells apart from them.
    fn called(&self, row: &NewChemical) -> Vec<usize> {
        let key = identity(row.name.as_str());
        let near = self.by_name.get(&near(row.name.as_str())).into_iter().flatten().copied();
        let (own, others): (Vec<_>, Vec<_>) = near.partition(|at| identity(&self.chemicals[*at].0.name) == key);
        if !own.is_empty() || row.cas.is_some() || row.inchikey.is_some() {
            return own;
        }
        others.into_iter().filter(|at| self.chemicals[*at].0.is_called(row.name.as_str())).collect()
    }

    /// Two that both have a CAS number, or an InChIKey, and not the same, are two substances: silica and quartz share a
    /// structure, and many an isomer goes by the mixture's name.
    fn may_be(&self, at: usize, row: &NewChemical) -> bool {
        fn agree<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.zip(b).is_none_or(|(a, b)| a == b)
        }
        let (chemical, _) = &self.chemicals[at];
        agree(chemical.cas.as_ref(), row.cas.as_ref()) && agree(chemical.inchikey.as_ref(), row.inchikey.as_ref())
    }
}

fn told(chemical: &Chemical) -> String {
    let number = chemical.cas.as_ref().map(|cas| format!(" ({cas})"));
    format!("`{}`{}", chemical.name, number.unwrap_or_default())
}

fn reason(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => {
            let fields = fields
                .iter()
                .map(|field| format!("{} {}", field.pointer.trim_start_matches('/').replace('_', " "), field.detail));
            fields.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}
