//! What a person takes away from a chemical. A list that still has it does not bring it again.

use super::{Chemical, identity::identity};

/// Something of a chemical that can be taken away: a name by its identity, or a value by its field.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    Name(&'a str),
    Cas,
    Ec,
    InChIKey,
    Formula,
    Density,
}

impl Part<'_> {
    fn key(self) -> String {
        match self {
            Self::Name(name) => format!("name {}", identity(name)),
            Self::Cas => "cas".to_owned(),
            Self::Ec => "ec".to_owned(),
            Self::InChIKey => "inchikey".to_owned(),
            Self::Formula => "formula".to_owned(),
            Self::Density => "density".to_owned(),
        }
    }
}

impl Chemical {
    fn parts(&self) -> Vec<String> {
        let values = [
            (Part::Cas, self.cas.is_some()),
            (Part::Ec, self.ec.is_some()),
            (Part::InChIKey, self.inchikey.is_some()),
            (Part::Formula, self.formula.is_some()),
            (Part::Density, self.density.is_some()),
        ];
        let values = values.into_iter().filter(|(_, is_there)| *is_there).map(|(part, _)| part);
        values.chain(self.names().map(Part::Name)).map(Part::key).collect()
    }

    /// After a person has changed it.
    pub(super) fn keep_removed(&mut self, before: &Self) {
        let now = self.parts();
        let mut removed: Vec<_> = before.removed.iter().cloned().chain(before.parts()).collect();
        removed.retain(|part| !now.contains(part));
        removed.sort_unstable();
        removed.dedup();
        self.removed = removed;
    }

    pub(super) fn was_removed(&self, part: Part<'_>) -> bool {
        // Most have none, and the identity of a name takes its time.
        !self.removed.is_empty() && self.removed.contains(&part.key())
    }
}
