//! A number that is written as a name. It means the substance that has it, so no other may go by it: a bottle under that
//! name would be in the wrong substance.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Chemical, NewChemical, store, term};
use crate::{
    chemistry::{CasNumber, EcNumber, InChIKey},
    error::{Error, Result},
};

pub enum Number {
    Cas(CasNumber),
    Ec(EcNumber),
    Key(InChIKey),
}

/// What labels put before a number says of which kind it is, and then perhaps that it is a number.
const KINDS: [&str; 5] = ["cas", "ec", "einecs", "elincs", "inchikey"];
const NUMBER: [&str; 11] = ["no", "nr", "n", "number", "num", "nummer", "numero", "rn", "registry", "reg", "key"];

/// Whether it is what labels put before a number, in lower case without signs and spaces: `casno`, `casregistrynumber`.
pub(super) fn is_heading(letters: &str) -> bool {
    fn is_number(letters: &str) -> bool {
        letters.is_empty() || NUMBER.iter().any(|word| letters.strip_prefix(word).is_some_and(is_number))
    }
    KINDS.iter().any(|kind| letters.strip_prefix(kind).is_some_and(is_number))
}

impl Number {
    /// Also with its heading before it: `CAS 64-17-5`.
    pub fn read(name: &str) -> Option<Self> {
        let at = name.find(|c: char| !c.is_alphabetic()).unwrap_or_default();
        let at = name[at..].find(char::is_alphanumeric).map_or(at, |more| at + more);
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
        let is_heading = |text: &str| {
            let plain: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
            is_heading(&plain)
        };
        let bare = [digits, at].into_iter().find(|at| is_heading(&name[..*at])).map_or(name, |at| &name[at..]);
        let cas = || bare.parse().map(Self::Cas).ok();
        let ec = || bare.parse().map(Self::Ec).ok();
        cas().or_else(ec).or_else(|| bare.to_ascii_uppercase().parse().map(Self::Key).ok())
    }

    pub fn is_of(&self, chemical: &Chemical) -> bool {
        self.is_one(chemical.cas.as_ref(), chemical.ec.as_ref(), chemical.inchikey.as_ref())
    }

    pub fn is_in(&self, row: &NewChemical) -> bool {
        self.is_one(row.cas.as_ref(), row.ec.as_ref(), row.inchikey.as_ref())
    }

    fn is_one(&self, cas: Option<&CasNumber>, ec: Option<&EcNumber>, key: Option<&InChIKey>) -> bool {
        match self {
            Self::Cas(own) => cas == Some(own),
            Self::Ec(own) => ec == Some(own),
            Self::Key(own) => key == Some(own),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Cas(_) => "CAS number",
            Self::Ec(_) => "EC number",
            Self::Key(_) => "InChIKey",
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Cas(number) => number.as_str(),
            Self::Ec(number) => number.as_str(),
            Self::Key(key) => key.as_str(),
        }
    }

    /// Why nothing else may have it for a name.
    pub fn told(&self, name: &str, holder: Option<&Chemical>) -> String {
        let (article, kind) = (if matches!(self, Self::Cas(_)) { "a" } else { "an" }, self.kind());
        match holder {
            Some(holder) => format!("`{name}` is the {kind} of `{}`", holder.name),
            None => format!("`{name}` is {article} {kind} that this chemical does not have"),
        }
    }
}

/// Refuses a name that is a number of another substance.
pub async fn check_name(db: &mut PgConnection, name: &str, chemical: &Chemical) -> Result<()> {
    let Some(number) = Number::read(name).filter(|number| !number.is_of(chemical)) else { return Ok(()) };
    let alike = store::find_alike(db, Uuid::nil(), &[], &[term(number.as_str())]).await?;
    let holder = alike.iter().find(|other| number.is_of(other));
    let detail = format!(
        "{}, so `{}` cannot go by it: write the name here and numbers in their own fields",
        number.told(name, holder),
        chemical.cas.as_ref().map_or(chemical.name.as_str(), CasNumber::as_str)
    );
    Err(Error::field("/name", detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_with_and_without_its_heading_and_a_name_is_none() {
        for (name, number) in [
            ("64-17-5", "64-17-5"),
            ("64\u{2010}17\u{2010}5", "64-17-5"),
            ("CAS 64-17-5", "64-17-5"),
            ("CAS-No.: 64-17-5", "64-17-5"),
            ("CAS Registry Number: 64-17-5", "64-17-5"),
            ("EC 200-578-6", "200-578-6"),
            ("ELINCS 200-578-6", "200-578-6"),
            ("200-578-6", "200-578-6"),
            ("LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
            ("InChIKey=LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
            ("lfqscwfljhtthz-uhfffaoysa-n", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
        ] {
            assert_eq!(Number::read(name).as_ref().map(Number::as_str), Some(number), "{name}");
        }
        for name in ["64-17-4", "ethanol", "Ethanol 64-17-5", "2-butanol", "E 330", "", "α", "CAS", "Ärger 5"] {
            assert!(Number::read(name).is_none(), "{name}");
        }
    }
}
