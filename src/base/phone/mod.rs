//! Phone numbers in one spelling: E.164, by libphonenumber's rules. `+8201012345678` and `+821012345678` ring the same
//! phone, so they are the same [`Phone`] (a limit per spelling would be no limit).

use std::fmt;

use phonenumber::country;
use serde::{Deserialize, Serialize};

use self::plan::{Kind, Number};
use crate::base::typed;

mod plan;
#[cfg(test)]
mod tests;

/// Freephone and shared cost, satellites (Inmarsat 870, GMSS 881), personal numbers, networks without a country, and
/// premium rate: ITU-T E.164, codes 8xx and 979. A message there costs a multiple of any other.
const OF_NO_COUNTRY: [u16; 9] = [800, 808, 870, 878, 881, 882, 883, 888, 979];
/// By the sanctions that SMS providers keep to.
const UNDELIVERED: [country::Id; 3] = [country::IR, country::CU, country::SY];
/// Longer than any number with its punctuation.
const LONGEST: usize = 32;

/// A number that can get a code: valid, and neither premium-rate nor the like.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
pub struct Phone(String);

impl Phone {
    /// `region` (ISO 3166-1 alpha-2) is where a number without `+` is dialled.
    pub fn parse(raw: &str, region: Option<&str>) -> Result<Self, &'static str> {
        let number = read(raw, region)?;
        if OF_NO_COUNTRY.contains(&number.code) {
            return Err("is of a satellite or another worldwide network, where no code is sent");
        }
        if number.kind == Kind::Silent {
            return Err("is of a kind that gets no text messages; give a mobile number");
        }
        if number.country.is_some_and(|country| UNDELIVERED.contains(&country)) {
            return Err("is of a country to which no provider delivers codes");
        }
        Ok(Self(number.e164()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// ISO 3166-1 alpha-2, where the number's prefix tells it.
    pub fn country(&self) -> Option<country::Id> {
        plan::from_abroad(&self.0[1..])?.country
    }

    /// Of the block `+1 500 555`, which SMS providers play and no phone has.
    pub fn is_for_tests(&self) -> bool {
        self.0.starts_with("+1500555")
    }

    /// 555-0100 to 555-0199 of the United States and Canada, which nobody has: for examples and fiction.
    pub fn is_for_examples(&self) -> bool {
        let has_its_digits =
            self.0.len() == "+12025550123".len() && self.0.starts_with("+1") && &self.0[5..10] == "55501";
        has_its_digits && self.country().is_some_and(|country| [country::US, country::CA].contains(&country))
    }

    /// The last two digits, for the eye of its owner.
    pub fn masked(&self) -> String {
        format!("…{}", &self.0[self.0.len() - 2..])
    }
}

const NO_PHONE: &str = "is not a number that any phone has; check its digits";

fn read(raw: &str, region: Option<&str>) -> Result<Number, &'static str> {
    let typed = typed::plain(raw);
    let is_from_abroad = typed.trim_start_matches(['(', ' ']).starts_with('+');
    let marks = typed.bytes().filter(|byte| *byte == b'+').count();
    let is_plain = typed.bytes().all(|byte| byte.is_ascii_digit() || b"+-. ()/".contains(&byte));
    // Letters and extensions are no digits of a phone that gets messages.
    if typed.len() > LONGEST || !is_plain || marks > usize::from(is_from_abroad) {
        return Err("must be a phone number in E.164 form, such as +12025550123: digits only, no extension");
    }
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    if is_from_abroad {
        return plan::from_abroad(&digits).ok_or(NO_PHONE);
    }
    let home = region.and_then(|region| region.parse().ok());
    let home = home.ok_or("is not a phone number; give it in E.164 form, such as +12025550123")?;
    match plan::from_home(home, &digits) {
        Ok(found) => found.ok_or(NO_PHONE),
        Err(()) => {
            Err("could be two numbers, as it begins with an exit code; give it in E.164 form, with + and its country")
        }
    }
}

impl TryFrom<String> for Phone {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::parse(&raw, None)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

/// A phone never reaches a log whole.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}
