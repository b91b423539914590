//! A number that is written as a name. It means the substance that has it, so no other may go by it: a bottle under
//! that name would be in the wrong substance.

use std::borrow::Cow;

use chemistry::{CasNumber, EcNumber, InChIKey, cas};
use unicode_normalization::UnicodeNormalization as _;

use super::{Chemical, NewChemical};

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
    /// Also with its heading before it (`CAS 64-17-5`), and with other signs between its groups than hyphens, as the
    /// search reads it (`64 17 5`).
    pub fn read(name: &str) -> Option<Self> {
        let plain = if name.is_ascii() { Cow::Borrowed(name) } else { Cow::Owned(name.nfkc().collect()) };
        let name = plain.trim_end_matches(|c: char| !c.is_alphanumeric());
        // Numbers end with a digit, and a key, which has none, is long: most names are neither, and lists have many.
        let has_digit = || name.contains(|c: char| c.is_ascii_digit());
        if !name.ends_with(|c: char| c.is_ascii_digit()) && (name.len() < 25 || has_digit()) {
            return None;
        }
        let at = name.find(|c: char| !c.is_alphabetic()).unwrap_or_default();
        let at = name[at..].find(char::is_alphanumeric).map_or(at, |more| at + more);
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
        let is_heading = |text: &str| {
            let plain: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
            is_heading(&plain)
        };
        let bare = [digits, at].into_iter().find(|at| is_heading(&name[..*at])).map_or(name, |at| &name[at..]);
        // Digits alone are a number only behind their heading.
        let repaired =
            || cas::propose(bare).filter(|_| bare.len() < name.len() && bare.bytes().all(|byte| byte.is_ascii_digit()));
        let spelled = with_hyphens(bare);
        let spelled = spelled.as_deref().unwrap_or(bare);
        let cas = || spelled.parse().ok().or_else(repaired).map(Self::Cas);
        let ec = || spelled.parse().map(Self::Ec).ok();
        let key = || spelled.to_ascii_uppercase().parse().ok().or_else(|| without_hyphens(bare)).map(Self::Key);
        cas().or_else(ec).or_else(key)
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

    /// What a name is by it; `holder` is the entry that has the number, as it is to be told.
    pub fn told(&self, name: &str, holder: Option<&str>) -> String {
        let is_whole = Self::read(name).is_some();
        let (verb, kind) = (if is_whole { "is" } else { "has in it" }, self.kind());
        let article = if matches!(self, Self::Cas(_)) { "a" } else { "an" };
        match holder {
            Some(holder) => format!("`{name}` {verb} the {kind} of {holder}"),
            None => format!("`{name}` {verb} {article} {kind}"),
        }
    }

    /// The one that a name is, or the CAS numbers that stand in it: `ethanol (64-17-5)`.
    pub fn all_in(name: &str) -> Vec<Self> {
        match Self::read(name) {
            Some(number) => vec![number],
            None if name.bytes().filter(u8::is_ascii_digit).count() > 4 => {
                cas::numbers_in(name).into_iter().map(Self::Cas).collect()
            }
            None => Vec::new(),
        }
    }
}

/// Three groups, which every number has, whatever stands between them.
fn with_hyphens(text: &str) -> Option<String> {
    let mut groups = text.split(|c: char| !c.is_alphanumeric()).filter(|group| !group.is_empty());
    let spelled = format!("{}-{}-{}", groups.next()?, groups.next()?, groups.next()?);
    groups.next().is_none().then_some(spelled)
}

/// An InChIKey that has lost its hyphens, which nothing else in capitals looks like.
fn without_hyphens(text: &str) -> Option<InChIKey> {
    let is_like_one =
        text.len() == 25 && text.bytes().all(|byte| byte.is_ascii_uppercase()) && text.as_bytes()[23] == b'A';
    is_like_one.then(|| format!("{}-{}-{}", &text[..14], &text[14..24], &text[24..]).parse().ok()).flatten()
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
            ("LFQSCWFLJHTTHZUHFFFAOYSAN", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
            ("CAS 64175", "64-17-5"),
            ("einecs 200-578-6", "200-578-6"),
            ("64 17 5", "64-17-5"),
            ("(64-17-5)", "64-17-5"),
            ("64-17-5.", "64-17-5"),
            ("\u{ff16}\u{ff14}-\u{ff11}\u{ff17}-\u{ff15}", "64-17-5"),
            ("200/578/6", "200-578-6"),
            ("LFQSCWFLJHTTHZ\u{2011}UHFFFAOYSA\u{2011}N", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"),
        ] {
            assert_eq!(Number::read(name).as_ref().map(Number::as_str), Some(number), "{name}");
        }
        for name in [
            "64-17-4",
            "ethanol",
            "Ethanol 64-17-5",
            "2-butanol",
            "E 330",
            "64175",
            "DICHLORODIPHENYLMETHANONE",
            "",
            "α",
            "CAS",
            "Ärger 5",
        ] {
            assert!(Number::read(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_cas_number_in_a_name_is_found() {
        let found = |name| Number::all_in(name).iter().map(|it| it.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(found("ethanol [64-17-5]"), ["64-17-5"]);
        assert_eq!(found("67-64-1 in 64-17-5"), ["64-17-5", "67-64-1"]);
        assert!(found("2-(10-11-2)ene").is_empty() && found("index 603-002-00-5").is_empty());
    }
}
