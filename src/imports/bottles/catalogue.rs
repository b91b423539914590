//! Which entry of the catalogue a bottle's numbers and name mean.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{super::faults::OrReason, Bottle};
use crate::{
    chemicals::{self, Candidates, Decides},
    chemistry::{CasNumber, EcNumber, InChIKey},
    error::Result,
    text::Name,
};

/// What a row calls its chemical: by a number, its name, or several of them, which then must be of one entry.
#[derive(Default)]
pub struct Chemical {
    pub cas: Option<CasNumber>,
    pub inchikey: Option<InChIKey>,
    pub ec: Option<EcNumber>,
    pub name: Option<Name>,
    pub decides: Option<Decides>,
    /// Its numbers as they are written, where the name decides.
    pub passed_over: Option<String>,
}

impl Chemical {
    /// From the one that tells most.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let cas = self.cas.as_ref().map(|it| ("CAS number", it.as_str()));
        let key = self.inchikey.as_ref().map(|it| ("InChIKey", it.as_str()));
        let ec = self.ec.as_ref().map(|it| ("EC number", it.as_str()));
        cas.into_iter().chain(key).chain(ec)
    }

    fn name(&self) -> Option<&str> {
        self.name.as_ref().map(Name::as_str)
    }
}

/// The entry that a row means.
pub struct Meant {
    pub id: Uuid,
    /// What stands on the bottle and is not the entry's.
    pub label: Option<String>,
    pub warning: Option<String>,
}

impl From<&chemicals::Chemical> for Meant {
    fn from(one: &chemicals::Chemical) -> Self {
        Self { id: one.id, label: None, warning: None }
    }
}

/// What the catalogue says to the names and numbers of a batch.
pub struct Catalogue(Candidates);

impl Catalogue {
    pub async fn read(db: &mut PgConnection, lab_id: Uuid, items: &[Bottle]) -> Result<Self> {
        let chemicals = || items.iter().map(|it| &it.chemical);
        let numbers = chemicals().flat_map(|it| it.numbers().map(|(_, number)| number));
        let names: Vec<_> = chemicals().filter_map(Chemical::name).chain(numbers).collect();
        let cas: Vec<_> = chemicals().filter_map(|it| it.cas.as_ref().map(CasNumber::as_str)).collect();
        Ok(Self(Candidates::read(db, lab_id, &names, &cas).await?))
    }

    /// By its number, whose entry must have the name that stands beside it; or by its own name before the synonyms of
    /// others, and never one of several. Where the number decides, the name is kept for the note, and the other way round.
    pub fn find(&self, wanted: &Chemical, number_decides: bool) -> OrReason<Meant> {
        let name = wanted.name();
        if wanted.decides == Some(Decides::Name) {
            let one = self.by_name(name.unwrap_or_default(), true)?;
            return Ok(without_numbers(one, wanted));
        }
        let Some(one) = self.by_number(wanted)? else {
            let one = self.by_name(name.unwrap_or_default(), false)?;
            self.check_numbers(one, wanted)?;
            let unchecked = wanted.numbers().next();
            let warning = unchecked.map(|(what, number)| {
                format!("the {what} {number} is in no entry, so that the name alone tells {}", one.name)
            });
            return Ok(Meant { warning, ..one.into() });
        };
        self.check_numbers(one, wanted)?;
        match name.filter(|name| !self.is_called(one, name)) {
            Some(name) => self.other_name(one, wanted, name, number_decides),
            None => Ok(one.into()),
        }
    }

    fn is_called(&self, one: &chemicals::Chemical, name: &str) -> bool {
        let called = self.0.called(name);
        let may_be = called.is_empty() && one.may_be_called(name);
        one.is_called(name) || may_be || called.iter().any(|it| it.id == one.id)
    }

    fn other_name(
        &self,
        one: &chemicals::Chemical,
        wanted: &Chemical,
        name: &str,
        number_decides: bool,
    ) -> OrReason<Meant> {
        let other = self.0.called(name).first().map(|it| format!("; `{name}` is {}", with_number(it, &it.name)));
        let differ = format!(
            "{} is {} in the catalogue, and `{name}` is none of its names{}",
            wanted.numbers().next().map_or("", |(_, number)| number),
            one.name,
            other.unwrap_or_default()
        );
        if number_decides || wanted.decides == Some(Decides::Number) {
            let warning = format!("{differ}: the number decided, and the name stands in the note");
            return Ok(Meant { label: Some(name.to_owned()), warning: Some(warning), ..one.into() });
        }
        Err(format!(
            "{differ}: correct one of them, write `number` or `name` into the column `decides`, or import with \
             --number-decides to keep the names in the notes"
        ))
    }

    /// None where the row has no number, or one that says less than its name: not every entry has its EC number.
    fn by_number(&self, wanted: &Chemical) -> OrReason<Option<&chemicals::Chemical>> {
        let Some((_, first)) = wanted.numbers().next() else { return Ok(None) };
        for (what, number) in wanted.numbers() {
            let all: Vec<_> = self.0.called(number).into_iter().filter(|it| it.has_number(number)).collect();
            match all[..] {
                [one] => return Ok(Some(one)),
                [] if wanted.cas.is_some() => break,
                [] => {}
                _ => {
                    return Err(format!(
                        "{} chemicals of the catalogue have the {what} {number}: give the CAS number",
                        all.len()
                    ));
                }
            }
        }
        if wanted.cas.is_none() && wanted.name.is_some() {
            return Ok(None);
        }
        Err(format!("`{first}` is not in the catalogue; import chemicals first"))
    }

    /// None of the row's numbers may be another entry's.
    fn check_numbers(&self, one: &chemicals::Chemical, wanted: &Chemical) -> OrReason<()> {
        let own = [
            one.cas.as_ref().map(CasNumber::as_str),
            one.inchikey.as_ref().map(InChIKey::as_str),
            one.ec.as_ref().map(EcNumber::as_str),
        ];
        let theirs = [
            ("CAS number", wanted.cas.as_ref().map(CasNumber::as_str)),
            ("InChIKey", wanted.inchikey.as_ref().map(InChIKey::as_str)),
            ("EC number", wanted.ec.as_ref().map(EcNumber::as_str)),
        ];
        for (ours, (what, theirs)) in own.into_iter().zip(theirs) {
            let Some(theirs) = theirs else { continue };
            let differ = match ours {
                Some(ours) if ours == theirs => continue,
                Some(ours) => format!("the {what} is {theirs} here and {ours} there"),
                None => match self.0.called(theirs).into_iter().find(|it| it.has_number(theirs)) {
                    Some(other) => format!("the {what} {theirs} is that of {}", with_number(other, &other.name)),
                    None => continue,
                },
            };
            return Err(format!("this is {} of the catalogue, but {differ}: correct one", with_number(one, &one.name)));
        }
        Ok(())
    }

    /// A ware of trade is the substance that has its name as a synonym only if a person says so.
    fn by_name(&self, name: &str, is_decided: bool) -> OrReason<&chemicals::Chemical> {
        match self.0.called(name)[..] {
            [one] if !is_decided && self.0.is_doubtful(one, name) => Err(format!(
                "`{name}` is a synonym of {} in the catalogue, and the name of a mixture in trade: give the CAS number, or \
                 write `name` into the column `decides`",
                with_number(one, &one.name)
            )),
            [one] => Ok(one),
            [] => Err(self.unknown(name)),
            ref several => {
                let all: Vec<_> = several.iter().take(3).map(|it| with_number(it, &it.name)).collect();
                Err(format!(
                    "{} chemicals of the catalogue are called `{name}` ({}): give the CAS number",
                    several.len(),
                    all.join(", ")
                ))
            }
        }
    }

    /// With the name that differs only in hyphens and spaces: any other that is alike may be of another substance.
    fn unknown(&self, name: &str) -> String {
        match self.0.near(name) {
            None => format!("`{name}` is not in the catalogue; import chemicals first"),
            Some((chemical, near)) => format!(
                "`{name}` is not in the catalogue, which has `{}`, with other hyphens or spaces: write that name if it is \
                 meant, give the CAS number, or import chemicals first",
                with_number(chemical, near)
            ),
        }
    }
}

fn without_numbers(one: &chemicals::Chemical, wanted: &Chemical) -> Meant {
    let warning = |numbers: &String| {
        format!("the name decided for {}, and {numbers} stands in the note", with_number(one, &one.name))
    };
    Meant { label: wanted.passed_over.clone(), warning: wanted.passed_over.as_ref().map(warning), ..one.into() }
}

fn with_number(chemical: &chemicals::Chemical, name: &str) -> String {
    chemical.cas.as_ref().map_or_else(|| name.to_owned(), |cas| format!("{name} ({cas})"))
}
