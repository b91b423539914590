//! Which entry of the catalogue a bottle's number and name mean.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{super::faults::OrReason, Bottle};
use crate::{
    chemicals::{self, Candidates},
    chemistry::CasNumber,
    error::Result,
    text::Name,
};

/// What a row calls its chemical: by one of both, or by both, which then must be of one entry.
pub struct Chemical {
    pub cas: Option<CasNumber>,
    pub name: Option<Name>,
}

/// The entry that a row means.
pub struct Meant {
    pub id: Uuid,
    /// The name in the row that the entry does not have, and the warning of it.
    pub other_name: Option<(String, String)>,
}

/// What the catalogue says to the names of a batch.
pub struct Catalogue(Candidates);

impl Catalogue {
    pub async fn read(db: &mut PgConnection, lab_id: Uuid, items: &[Bottle]) -> Result<Self> {
        let names: Vec<_> = items.iter().filter_map(|it| it.chemical.name.as_ref().map(Name::as_str)).collect();
        let numbers: Vec<_> = items.iter().filter_map(|it| it.chemical.cas.as_ref().map(CasNumber::as_str)).collect();
        Ok(Self(Candidates::read(db, lab_id, &names, &numbers).await?))
    }

    /// By its number, whose entry must have the name that stands beside it; or by its own name before the synonyms of
    /// others, and never one of several. Where the number decides, with the name that is only kept for the note.
    pub fn find(&self, wanted: &Chemical, number_decides: bool) -> OrReason<Meant> {
        let known = |id: Uuid| Meant { id, other_name: None };
        let name = wanted.name.as_ref().map(Name::as_str);
        let Some(cas) = &wanted.cas else {
            return self.find_by_name(name.unwrap_or_default()).map(known);
        };
        let Some(one) = self.0.with_cas(cas) else {
            return Err(format!("`{cas}` is not in the catalogue; import chemicals first"));
        };
        let Some(name) = name else { return Ok(known(one.id)) };
        let called = self.0.called(name);
        let may_be = called.is_empty() && one.may_be_called(name);
        if one.is_called(name) || may_be || called.iter().any(|it| it.id == one.id) {
            return Ok(known(one.id));
        }
        let other = called.first().map(|it| format!("; `{name}` is {}", with_number(it, &it.name)));
        let differ = format!(
            "{cas} is {} in the catalogue, and `{name}` is none of its names{}",
            one.name,
            other.unwrap_or_default()
        );
        if number_decides {
            let warning = format!("{differ}: the number decided, and the name stands in the note");
            return Ok(Meant { id: one.id, other_name: Some((name.to_owned(), warning)) });
        }
        Err(format!("{differ}: correct one of them, or import with --number-decides to keep the name in the note"))
    }

    fn find_by_name(&self, name: &str) -> OrReason<Uuid> {
        match self.0.called(name)[..] {
            [one] => Ok(one.id),
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

    /// With the name that is nearest, which may be of another substance.
    fn unknown(&self, name: &str) -> String {
        match self.0.alike(name) {
            None => format!("`{name}` is not in the catalogue; import chemicals first"),
            Some((chemical, alike)) => format!(
                "`{name}` is not in the catalogue, which has `{}`: write that name if it is meant, give the CAS number, or \
                 import chemicals first",
                with_number(chemical, alike)
            ),
        }
    }
}

fn with_number(chemical: &chemicals::Chemical, name: &str) -> String {
    chemical.cas.as_ref().map_or_else(|| name.to_owned(), |cas| format!("{name} ({cas})"))
}
