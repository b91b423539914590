//! One of many values in a body, read by itself: when it is wrong, the others are still served.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::reading;
use crate::base::error::Field;

/// The text of a value. It is read later, as strictly as a body of its own.
#[derive(Debug)]
pub struct Each<T>(Box<RawValue>, PhantomData<T>);

impl<T: DeserializeOwned> Each<T> {
    /// The value, or everything that is wrong with it, with pointers that begin at it.
    pub fn read(&self) -> Result<T, Vec<Field>> {
        reading::parse(self.0.get().as_bytes()).map_err(|problem| problem.errors)
    }
}

/// By its name `strict.rs` knows it.
#[derive(Deserialize)]
#[serde(rename = "Each")]
struct Text(Box<RawValue>);

impl<'de, T> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|text| Self(text.0, PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        items: Vec<Each<Item>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        count: u8,
        #[serde(default)]
        name: String,
    }

    #[test]
    fn one_that_is_wrong_spoils_no_other_and_is_told_what_it_would_be_told_as_a_body() {
        for wrong in [
            r#"{"count": 1, "count": 2}"#,
            r#"{"count": 1, "name": "a", "name": "b"}"#,
            r#"{"count": 300, "more": {}}"#,
            r#"{"count": 1, "name": "\ud800"}"#,
            r#"{"count": 1e999}"#,
            "[1, \"a\"]",
            "5",
            "null",
        ] {
            let body = format!(r#"{{"items": [{{"count": 1}}, {wrong}, {{"count": 3, "name": "c"}}]}}"#);
            let body = reading::parse::<Body>(body.as_bytes()).expect(wrong);
            let [first, second, third] = &body.items[..] else { panic!("three items") };
            assert_eq!((first.read().unwrap().count, third.read().unwrap().name), (1, "c".to_owned()));
            let told = |fields: Vec<Field>| format!("{fields:?}");
            let alone = reading::parse::<Item>(wrong.as_bytes()).expect_err(wrong).errors;
            assert!(!alone.is_empty(), "{wrong}");
            assert_eq!(told(second.read().expect_err(wrong)), told(alone), "{wrong}");
        }
    }
}
