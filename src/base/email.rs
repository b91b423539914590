//! Addresses of mailboxes in their plain form, `name@example.org`: the dot-string of RFC 5321 section 4.1.2 at the name
//! of a host. Quoted names, address literals and letters beyond ASCII are refused: hardly anybody has them, and they
//! are how a second recipient or a header is smuggled into a message.

use std::fmt;

use serde::{Deserialize, Serialize};

/// RFC 5321 section 4.5.3.1, less the angle brackets of its path.
const LONGEST: usize = 254;
const LONGEST_NAME: usize = 64;
/// What a name may have beside letters, digits and dots (`atext`, RFC 5322 section 3.2.3).
const MARKS: &[u8] = b"!#$%&'*+/=?^_`{|}~-";

/// Of a mailbox that may exist. Whose it is shows only the code that comes back.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
pub struct Email(String);

impl Email {
    pub fn parse(raw: &str) -> Result<Self, &'static str> {
        let raw = raw.trim();
        if raw.len() > LONGEST {
            return Err("must have at most 254 characters");
        }
        let (name, host) = raw.split_once('@').ok_or("must be an e-mail address, such as rosalind@example.org")?;
        if !is_name(name) {
            return Err("must have a plain name before the @: letters and digits of ASCII, dots, and no quotes");
        }
        if !is_host(host) {
            return Err("must have the name of a host after the @, such as example.org");
        }
        // The host is the same in capitals; the name is for the host to say.
        Ok(Self(format!("{name}@{}", host.to_ascii_lowercase())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || MARKS.contains(&b));
    name.len() <= LONGEST_NAME && name.split('.').all(is_word)
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // An address of four numbers has dots, too.
    let is_named = |last: &str| last.bytes().any(|b| b.is_ascii_alphabetic());
    host.split('.').all(is_label) && host.rsplit_once('.').is_some_and(|(_, last)| is_named(last))
}

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        Self::parse(&raw)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// An address never reaches a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…@…")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of what is taken for an address: one spelling, which whoever sends it takes, too, and nothing that ends a
    /// header.
    fn assert_plain(email: &Email) {
        let text = email.as_str();
        assert_eq!(Email::parse(text).as_ref(), Ok(email));
        assert!(text.is_ascii() && text.len() <= LONGEST && text.matches('@').count() == 1, "{text}");
        assert!(!text.contains(|c: char| c.is_control() || " \"<>()[]\\,;:".contains(c)), "{text}");
        assert!(text.parse::<lettre::Address>().is_ok(), "{text}");
    }

    proptest! {
        #[test]
        fn any_text_is_a_plain_address_or_refused(text in any::<String>()) {
            if let Ok(email) = Email::parse(&text) {
                assert_plain(&email);
            }
        }

        #[test]
        fn what_looks_like_an_address_is_a_plain_one_or_refused(
            text in "[-a-zA-Z0-9.!#$%&'*+/=?^_`{|}~\"< ]{0,20}@{1,2}[-a-zA-Z0-9.\\[:]{0,20}",
        ) {
            if let Ok(email) = Email::parse(&text) {
                assert_plain(&email);
            }
        }
    }

    #[test]
    fn the_host_is_in_small_letters_and_the_name_as_it_was_given() {
        let parsed = |text| Email::parse(text).map(String::from);
        assert_eq!(parsed(" Rosalind.Franklin+lab@Example.ORG "), Ok("Rosalind.Franklin+lab@example.org".to_owned()));
        assert_eq!(parsed("o'brien@kings.example.ac.uk"), Ok("o'brien@kings.example.ac.uk".to_owned()));
    }

    #[test]
    fn quotes_spaces_literals_and_second_recipients_are_refused() {
        for bad in [
            "",
            "@",
            "rosalind",
            "rosalind@",
            "@example.org",
            "rosalind@localhost",
            "rosalind@example.",
            "rosalind@.org",
            "rosalind@-example.org",
            "rosalind@127.0.0.1",
            "rosalind@[127.0.0.1]",
            "rosalind@evil.example@example.org",
            "rosalind@example.org,mallory@example.org",
            "rosalind@example.org\r\nBcc: mallory@example.org",
            "rosa lind@example.org",
            "\"rosalind\"@example.org",
            "Rosalind <rosalind@example.org>",
            ".rosalind@example.org",
            "rosa..lind@example.org",
            "rosälind@example.org",
            "rosalind@exämple.org",
            "rosalind\0@example.org",
            &format!("{}@example.org", "r".repeat(65)),
            &format!("rosalind@{}.org", "e".repeat(64)),
            &format!("rosalind@{}org", "example.".repeat(40)),
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", Email::parse("rosalind@example.org").unwrap()), "…@…");
    }
}
