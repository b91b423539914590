//! Which entry of the catalogue a bottle's number and name mean.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    super::{
        faults::OrReason,
        store::{self, Named},
    },
    Bottle,
};
use crate::{chemicals, chemistry::CasNumber, error::Result, text::Name};

/// What a row calls its chemical: by one of both, or by both, which then must be of one entry.
pub struct Chemical {
    pub cas: Option<CasNumber>,
    pub name: Option<Name>,
}

/// What the catalogue says to the names of a batch.
pub struct Catalogue(HashMap<String, Vec<Named>>);

impl Catalogue {
    pub async fn read(db: &mut PgConnection, items: &[Bottle]) -> Result<Self> {
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
    pub fn find(&self, wanted: &Chemical, number_decides: bool) -> OrReason<(Uuid, Option<String>)> {
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
