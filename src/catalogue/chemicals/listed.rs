//! A row of a list.

use std::borrow::Cow;

use super::{Chemical, NewChemical};

/// What a person says of a row whose numbers and name are of two substances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decides {
    Number,
    Name,
}

impl std::str::FromStr for Decides {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "number" => Ok(Self::Number),
            "name" => Ok(Self::Name),
            _ => Err("write `number` or `name`, whichever says what the substance is"),
        }
    }
}

/// A row of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub new: NewChemical,
    /// Whoever lets the name decide gives no numbers.
    pub decides: Option<Decides>,
    /// Whether numbers stood beside a name that decides: they are of another substance, and its values may be, too.
    pub has_other_numbers: bool,
    /// Behind the point of its density, as it is written there.
    pub density_digits: u32,
    /// Why it is refused unless it came in before.
    pub doubt: Option<String>,
}

impl Listed {
    /// As it is where its number decides: a name that the entry does not have is another's, and so are its synonyms.
    pub fn by_number(&self, chemical: &Chemical) -> Cow<'_, Self> {
        let is_other = self.decides == Some(Decides::Number) && !chemical.is_called(self.new.name.as_str());
        match chemical.name.parse() {
            Ok(name) if is_other => {
                let new = NewChemical { name, synonyms: Vec::new(), ..self.new.clone() };
                Cow::Owned(Self { new, ..self.clone() })
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// As it is where its name decides: what else it is called may be the other substance.
    pub fn by_name(&self) -> Cow<'_, Self> {
        if self.decides != Some(Decides::Name) || self.new.synonyms.is_empty() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { new: NewChemical { synonyms: Vec::new(), ..self.new.clone() }, ..self.clone() })
    }

    /// What of it goes into its entry.
    pub fn kept(&self) -> Cow<'_, NewChemical> {
        if !self.has_other_numbers {
            return Cow::Borrowed(&self.new);
        }
        Cow::Owned(NewChemical { formula: None, molar_mass: None, density: None, ..self.new.clone() })
    }
}
