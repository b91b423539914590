//! Which entry of the catalogue a bottle's numbers and name mean.

use chemistry::{CasNumber, EcNumber, InChIKey};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{super::faults::OrReason, Bottle, stated::Stated};
use crate::{
    base::{error::Result, text::Name},
    catalogue::chemicals::{self, Candidates, Decides, Named, Number, why_no_name},
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

    /// By its number, whose entry must have the name that stands beside it; or by a name that no other entry has. Where
    /// the number decides, the name is kept for the note, and the other way round; a number in the name must be of the
    /// entry all the same.
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
        let Some(name) = name else { return Ok(one.into()) };
        if let Some(why) = self.number_of_another(name, one) {
            let own = wanted.numbers().next().map(|(what, number)| format!(", and the {what} here is {number}"));
            return Err(format!("{why}{}: correct one of them", own.unwrap_or_default()));
        }
        if one.may_be_called(name) || Number::read(name).is_some() {
            return Ok(one.into());
        }
        self.other_name(one, wanted, name, number_decides || wanted.decides == Some(Decides::Number))
    }

    /// The formula and the molar mass of the row are those of its chemical.
    pub fn check(&self, id: Uuid, stated: &Stated) -> OrReason<()> {
        let Some(one) = self.0.get(id) else { return Ok(()) };
        stated.contradiction(one).map_or(Ok(()), |differ| {
            Err(format!("this is {} of the catalogue, but {differ}: correct one", with_number(one, &one.name)))
        })
    }

    fn other_name(
        &self,
        one: &chemicals::Chemical,
        wanted: &Chemical,
        name: &str,
        number_decides: bool,
    ) -> OrReason<Meant> {
        let is_damaged = name.contains(|c: char| c.is_ascii_digit());
        if let Some(why) = why_no_name(name).filter(|_| is_damaged || !number_decides) {
            return Err(format!("the name `{name}` {why}"));
        }
        let differ = format!(
            "{} is {} in the catalogue, and `{name}` is none of its names{}",
            wanted.numbers().next().map_or("", |(_, number)| number),
            one.name,
            self.whose(name)
        );
        if number_decides {
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
            let all = self.0.holders(number);
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
                None => match self.0.holders(theirs).first() {
                    Some(other) => format!("the {what} {theirs} is that of {}", with_number(other, &other.name)),
                    None => continue,
                },
            };
            return Err(format!("this is {} of the catalogue, but {differ}: correct one", with_number(one, &one.name)));
        }
        Ok(())
    }

    fn whose(&self, name: &str) -> String {
        let other = match self.0.called(name) {
            Named::One(other) => Some(other),
            Named::Several(others) => others.first().copied(),
            Named::Nothing | Named::Unclear(_) => None,
        };
        other.map(|it| format!("; `{name}` is {}", with_number(it, &it.name))).unwrap_or_default()
    }

    /// What the name is, when it is a number that this entry does not have, or has one in it.
    fn number_of_another(&self, name: &str, one: &chemicals::Chemical) -> Option<String> {
        let foreign = Number::all_in(name).into_iter().find(|number| !number.is_of(one))?;
        let holder = self.0.with_number(&foreign).first().map(|holder| with_number(holder, &holder.name));
        Some(foreign.told(name, holder.as_deref()))
    }

    /// A ware of trade is the substance that has its name as a synonym only if a person says so.
    fn by_name(&self, name: &str, is_decided: bool) -> OrReason<&chemicals::Chemical> {
        if let Some(number) = Number::read(name) {
            return match self.0.with_number(&number)[..] {
                [one] => Ok(one),
                [] => Err(format!("{} that is not in the catalogue; import chemicals first", number.told(name, None))),
                ref several => Err(several_are_called(name, several)),
            };
        }
        if let Some(why) = why_no_name(name) {
            return Err(format!("the name `{name}` {why}"));
        }
        let one = match self.0.called(name) {
            Named::One(one) => one,
            // Beside the entry of a ware of trade, those that only have its name as a synonym are no second meaning.
            Named::Several(all) => {
                match all.iter().filter(|one| !self.0.is_doubtful(one, name)).collect::<Vec<_>>()[..] {
                    [one] => one,
                    _ => return Err(several_are_called(name, &all)),
                }
            }
            Named::Unclear(all) => return Err(unclear(name, &all)),
            Named::Nothing => return Err(self.unknown(name)),
        };
        if let Some(why) = self.number_of_another(name, one) {
            let told = with_number(one, &one.name);
            return Err(format!("{why}, and the name is one of {told}: give the CAS number"));
        }
        if !is_decided && self.0.is_doubtful(one, name) {
            return Err(format!(
                "`{name}` is a synonym of {} in the catalogue, and the name of a mixture in trade: give the CAS number, or \
                 write `name` into the column `decides`",
                with_number(one, &one.name)
            ));
        }
        Ok(one)
    }

    /// With the entries that have it for a formula, or with the name that differs only in hyphens and spaces: any other
    /// that is alike may be of another substance.
    fn unknown(&self, name: &str) -> String {
        let same_formula = self.0.with_formula(name);
        if !same_formula.is_empty() {
            let all: Vec<_> = same_formula.iter().take(3).map(|it| with_number(it, &it.name)).collect();
            return format!(
                "`{name}` is a formula, which several substances may have; the catalogue has it of {}: write its name or give \
                 the CAS number",
                all.join(", ")
            );
        }
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

fn several_are_called(name: &str, several: &[&chemicals::Chemical]) -> String {
    let all: Vec<_> = several.iter().take(3).map(|it| with_number(it, &it.name)).collect();
    format!(
        "{} chemicals of the catalogue are called `{name}` ({}): give the CAS number",
        several.len(),
        all.join(", ")
    )
}

/// Names that differ by the case of a letter, or that say another form than their entry has.
fn unclear(name: &str, all: &[(&chemicals::Chemical, &str)]) -> String {
    let told: Vec<_> = all.iter().take(3).map(|(it, own)| with_number(it, own)).collect();
    let other = if all.len() == 1 {
        " or another substance whose name differs by the case of a letter, water or isotopes"
    } else {
        ""
    };
    format!("`{name}` may be {}{other}: give the CAS number", told.join(" or "))
}

fn with_number(chemical: &chemicals::Chemical, name: &str) -> String {
    chemical.cas.as_ref().map_or_else(|| name.to_owned(), |cas| format!("{name} ({cas})"))
}
