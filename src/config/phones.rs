//! Phone numbers: how they are read, which are allowed, and those whose code is fixed.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use phonenumber::country;

use super::vars::Vars;

#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// For numbers written without a country code.
    pub default_region: country::Id,
    /// Empty: every country.
    pub allowed_countries: Vec<country::Id>,
}

/// Numbers for which the code is fixed and nothing is sent: for app stores' reviewers and end-to-end tests.
#[derive(Clone, Default)]
pub struct TestPhones {
    /// E.164 number to code.
    pub codes: HashMap<String, String>,
    /// From this instant on they are ordinary numbers.
    pub until: Option<DateTime<Utc>>,
}

impl TestPhones {
    /// The fixed code of an E.164 number.
    pub fn code(&self, phone: &str, now: DateTime<Utc>) -> Option<&str> {
        let over = self.until.is_some_and(|until| now >= until);
        self.codes.get(phone).filter(|_| !over).map(String::as_str)
    }
}

impl fmt::Debug for TestPhones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes = self.codes.len();
        f.debug_struct("TestPhones").field("codes", &codes).field("until", &self.until).finish()
    }
}

/// A value that is no secret to the program but must not reach a log, such as somebody's phone number.
#[derive(Clone, PartialEq, Eq)]
pub struct Private(pub String);

impl Deref for Private {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[private]")
    }
}

pub(super) fn read(vars: &mut Vars) -> PhoneConfig {
    let region = |text: &str| text.to_ascii_uppercase().parse::<country::Id>().ok();
    let default_region = vars.parsed("PHONE_DEFAULT_REGION", "a country code of two letters like US", region);
    let expected = "country codes of two letters, comma-separated, like US,DE";
    let allowed_countries = vars.list("PHONE_ALLOWED_COUNTRIES", expected, region);
    PhoneConfig { default_region: default_region.unwrap_or(country::US), allowed_countries }
}

pub(super) fn test_phones(vars: &mut Vars, code_length: u8) -> TestPhones {
    let expected = format!("+15005550006=123456,… with E.164 numbers and codes of {code_length} digits (OTP_LENGTH)");
    let codes = vars.list("TEST_PHONE_NUMBERS", &expected, |entry| {
        let (phone, code) = entry.split_once('=')?;
        let (phone, code) = (phone.trim(), code.trim());
        let code_ok = code.len() == usize::from(code_length) && code.chars().all(|c| c.is_ascii_digit());
        (is_e164(phone) && code_ok).then(|| (phone.to_owned(), code.to_owned()))
    });
    let until = vars.parsed("TEST_PHONE_NUMBERS_UNTIL", "a date like 2027-01-31 or 2027-01-31T12:00:00Z", instant);
    TestPhones { codes: codes.into_iter().collect(), until }
}

pub(super) fn owner(vars: &mut Vars) -> Option<Private> {
    vars.parsed("BOOTSTRAP_OWNER_PHONE", "an E.164 number like +12025550123", |text| {
        is_e164(text).then(|| Private(text.to_owned()))
    })
}

/// A bare date means until its end, in UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    let date: NaiveDate = text.parse().ok()?;
    Some(date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc())
}

/// The shape only: whether the number exists is for the phone library to say, and test numbers do not.
pub(super) fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.chars().all(|c| c.is_ascii_digit())
}
