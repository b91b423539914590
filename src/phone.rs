//! Phone numbers in one spelling: E.164, by libphonenumber's rules. `+8201012345678` and `+821012345678` ring the same
//! phone, so they are the same [`Phone`] (a limit per spelling would be no limit).

use std::fmt;

use phonenumber::{Mode, Type, country};
use serde::{Deserialize, Serialize};

/// Freephone and shared cost, satellites (Inmarsat 870, GMSS 881), personal numbers, networks without a country, and
/// premium rate: ITU-T E.164, codes 8xx and 979. A message there costs a multiple of any other.
const OF_NO_COUNTRY: [u16; 9] = [800, 808, 870, 878, 881, 882, 883, 888, 979];
/// By the sanctions that SMS providers keep to.
const UNDELIVERED: [country::Id; 3] = [country::IR, country::CU, country::SY];

/// A number that can get a code: valid, and neither premium-rate nor the like.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
pub struct Phone(String);

impl Phone {
    /// `region` (ISO 3166-1 alpha-2) is where a number without `+` is from.
    pub fn parse(raw: &str, region: Option<&str>) -> Result<Self, &'static str> {
        let raw = raw.trim();
        // The library takes letters and full-width digits for digits, and keeps extensions aside: refuse them here.
        if raw.len() > 32 || !raw.bytes().all(|b| b.is_ascii_digit() || b"+-. ()/".contains(&b)) {
            return Err("must be a phone number in E.164 form, such as +12025550123: digits only, no extension");
        }
        // The library would take the trunk prefix of the region, such as the 1 of the US, off a number of any country.
        let region = region.filter(|_| !raw.starts_with('+'));
        let region: Option<country::Id> = region.and_then(|region| region.parse().ok());
        let number = phonenumber::parse(region, raw)
            .map_err(|_| "is not a phone number; give it in E.164 form, such as +12025550123")?;
        if !is_reserved_for_tests(&number) && !phonenumber::is_valid(&number) {
            return Err("is not a number that any phone has; check its digits");
        }
        match number.number_type(&phonenumber::metadata::DATABASE) {
            Type::PremiumRate | Type::SharedCost | Type::TollFree | Type::Uan | Type::Voicemail | Type::Pager => {
                return Err("is of a kind that gets no text messages; give a mobile number");
            }
            _ => {}
        }
        if OF_NO_COUNTRY.contains(&number.code().value()) {
            return Err("is of a satellite or another worldwide network, where no code is sent");
        }
        if number.country().id().is_some_and(|country| UNDELIVERED.contains(&country)) {
            return Err("is of a country to which no provider delivers codes");
        }
        Ok(Self(number.format().mode(Mode::E164).to_string()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// ISO 3166-1 alpha-2, where the number's prefix tells it.
    pub fn country(&self) -> Option<country::Id> {
        phonenumber::parse(None, &self.0).ok()?.country().id()
    }

    /// Of the block `+1 500 555`, which SMS providers play and no phone has.
    pub fn is_for_tests(&self) -> bool {
        self.0.starts_with("+1500555")
    }

    /// The last two digits, for the eye of its owner.
    pub fn masked(&self) -> String {
        format!("…{}", &self.0[self.0.len() - 2..])
    }
}

/// 555-01xx (NANPA, fiction) and Twilio's +1 500 555 00xx: the numbers of examples and tests.
fn is_reserved_for_tests(number: &phonenumber::PhoneNumber) -> bool {
    let national = number.national().value();
    number.code().value() == 1 && (national / 10_000 == 500_555 || national / 100 % 100_000 == 55_501)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of what is taken for a phone: one spelling, which is that of E.164 and stays as it is.
    fn assert_canonical(phone: &Phone) {
        let digits = phone.as_str().strip_prefix('+').expect("a +");
        assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");
        assert_eq!(Phone::parse(phone.as_str(), None).as_ref(), Ok(phone));
        assert_eq!(phone.masked().chars().count(), 3);
    }

    // `PROPTEST_CASES=100000` looks further.
    proptest! {
        #[test]
        fn any_text_is_a_canonical_phone_or_refused(text in any::<String>(), region in "[A-Za-z]{0,3}") {
            if let Ok(phone) = Phone::parse(&text, Some(&region)) {
                assert_canonical(&phone);
            }
        }

        #[test]
        fn any_digits_are_a_canonical_phone_or_refused(
            text in "[+]?[0-9]{0,3}[-+. ()/0-9]{0,32}",
            region in proptest::option::of(proptest::sample::select(vec!["US", "KR", "DE", "MX", "AR", "IT", "CI", "ZZ"])),
        ) {
            if let Ok(phone) = Phone::parse(&text, region) {
                assert_canonical(&phone);
            }
        }
    }

    #[test]
    fn spellings_of_one_number_are_one_phone() {
        let canonical = Phone::parse("+821012345678", None).unwrap();
        for spelling in ["+8201012345678", "+82 10-1234-5678", "+82 (0)10 1234 5678", " +82 10 1234 5678 "] {
            assert_eq!(Phone::parse(spelling, None).unwrap(), canonical, "{spelling}");
        }
        assert_eq!(Phone::parse("010-1234-5678", Some("KR")).unwrap(), canonical);
        // Wherever the installation stands.
        assert_eq!(Phone::parse("+821012345678", Some("US")).unwrap(), canonical);
    }

    #[test]
    fn a_number_with_its_country_is_the_same_wherever_one_is() {
        for number in ["+821012345678", "+8613812345678", "+4915112345678", "+12025550123", "+447911123456"] {
            for region in ["US", "KR", "CN", "DE", "GB", "RU"] {
                assert_eq!(Phone::parse(number, Some(region)).unwrap().as_str(), number, "{region}");
            }
        }
    }

    #[test]
    fn extensions_letters_foreign_digits_and_premium_numbers_are_refused() {
        for bad in [
            "+1 202 555 0123 ext 5",
            "+12025550123;ext=1",
            "+1900CHEMIST",
            "＋８２1012345678",
            "+19005550123",
            "+870773123456",
            "+881612345678",
            "+882161234567",
            "+883510012345",
            "+989123456789",
            "+5351234567",
            "+963944567890",
            "",
            "+",
            "+1",
            "12",
        ] {
            assert!(Phone::parse(bad, None).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_reserved_for_examples_are_accepted() {
        for reserved in ["+12025550123", "+15005550006"] {
            assert_eq!(Phone::parse(reserved, None).unwrap().as_str(), reserved);
        }
    }

    #[test]
    fn debug_shows_two_digits_only() {
        assert_eq!(format!("{:?}", Phone::parse("+12025550123", None).unwrap()), "…23");
    }
}
