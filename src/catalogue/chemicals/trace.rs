//! A row of a list as it is remembered, and what its entry is called now.

use aws_lc_rs::digest::{SHA256, digest};

use super::{NewChemical, Synonym, identity::identity};

/// A row as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Of all that it says.
    pub content: Vec<u8>,
    /// Of what tells it from others.
    pub mark: Vec<u8>,
    /// Of its name, where its number tells it: a row without a number may name it.
    pub named: Option<Vec<u8>>,
}

impl Trace {
    pub fn of(row: &NewChemical) -> Self {
        let name = ("name", identity(row.name.as_str()));
        let (mark, named) = match (&row.cas, &row.inchikey) {
            (Some(cas), _) => (("cas", cas.to_string()), Some(name)),
            (None, Some(key)) => (("inchikey", key.to_string()), Some(name)),
            (None, None) => (name, None),
        };
        let synonyms: Vec<_> = row.synonyms.iter().map(Synonym::as_str).collect();
        let content = (
            (row.name.as_str(), &row.cas, &row.ec, &row.inchikey, &row.formula),
            (&row.molar_mass, &row.density, synonyms),
        );
        let named = named.map(|name| fingerprint(&name));
        Self { content: fingerprint(&content), mark: fingerprint(&mark), named }
    }
}

fn fingerprint(of: &impl serde::Serialize) -> Vec<u8> {
    let text = serde_json::to_vec(of).unwrap_or_default();
    digest(&SHA256, &text).as_ref()[..16].to_vec()
}

/// A row that came in, and what its entry is called now.
#[derive(Debug)]
pub struct Traced {
    pub content: Vec<u8>,
    pub mark: Vec<u8>,
    pub named: Option<Vec<u8>>,
    pub name: Option<String>,
}
