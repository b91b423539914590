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
}
