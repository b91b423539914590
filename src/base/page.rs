//! Keyset pages: `?limit=&cursor=` in, `{"items", "next_cursor"}` out. A cursor is the sort key of the last item, opaque
//! to clients; never an offset, so a page costs the same wherever it lies.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; null on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// From `limit + 1` rows: the one too many says that there is a next page.
    pub fn new<K: Serialize>(mut rows: Vec<T>, limit: Limit, key: impl Fn(&T) -> K) -> Self {
        let more = rows.len() > limit.0;
        rows.truncate(limit.0);
        let next_cursor = rows.last().filter(|_| more).map(|last| Cursor(key(last)).to_string());
        Self { items: rows, next_cursor }
    }
}

/// How many items a page holds: 1 to 200, 50 unless said.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub struct Limit(usize);

impl Limit {
    pub fn count(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// What to ask the database for: one more than the page holds.
    pub fn plus_one(self) -> i64 {
        self.count().saturating_add(1)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<i64> for Limit {
    type Error = &'static str;

    fn try_from(n: i64) -> Result<Self, Self::Error> {
        match usize::try_from(n) {
            Ok(n @ 1..=200) => Ok(Self(n)),
            _ => Err("must be a whole number from 1 to 200"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<K>(pub K);

impl<K: Serialize> fmt::Display for Cursor<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Cursor<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        let json = BASE64_URL_SAFE_NO_PAD.decode(&raw).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok()).map(Self).ok_or_else(|| {
            serde::de::Error::custom("is not a cursor of this list; send one from next_cursor, unchanged")
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// As every list takes it: of a time, a name or an id alone.
    fn take(text: &str) {
        let text = serde_json::Value::from(text);
        drop(serde_json::from_value::<Cursor<Uuid>>(text.clone()));
        drop(serde_json::from_value::<Cursor<(DateTime<Utc>, Uuid)>>(text.clone()));
        drop(serde_json::from_value::<Cursor<(String, Uuid)>>(text));
    }

    // `PROPTEST_CASES=100000` looks further.
    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_refused(text in any::<String>(), json in any::<String>()) {
            take(&text);
            take(&BASE64_URL_SAFE_NO_PAD.encode(json));
        }

        #[test]
        fn any_json_is_a_cursor_or_refused(json in r#"[\[\]{}",:0-9eE.+tZ-]{0,60}"#) {
            take(&BASE64_URL_SAFE_NO_PAD.encode(json));
        }

        #[test]
        fn any_key_comes_back_as_it_went(name in any::<String>(), id in any::<u128>(), micros in any::<i32>()) {
            let at = DateTime::from_timestamp_micros(i64::from(micros) * 1_000_000).expect("in range");
            let cursor = Cursor((name, at, Uuid::from_u128(id)));
            let text = serde_json::Value::from(cursor.to_string());
            prop_assert_eq!(serde_json::from_value::<Cursor<(String, DateTime<Utc>, Uuid)>>(text).unwrap(), cursor);
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let cursor = Cursor((7, "é".to_owned()));
        let json = serde_json::Value::String(cursor.to_string());
        assert_eq!(serde_json::from_value::<Cursor<(i32, String)>>(json).unwrap(), cursor);
    }

    #[test]
    fn one_row_too_many_makes_a_next_page() {
        let page = Page::new(vec![1, 2, 3], Limit(2), |n| *n);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(page.next_cursor, Some(Cursor(2).to_string()));
        assert!(Page::new(vec![1, 2], Limit(2), |n| *n).next_cursor.is_none());
    }

    #[test]
    fn a_limit_outside_one_to_two_hundred_is_refused() {
        assert!([0, -1, 201, i64::MAX].into_iter().all(|n| Limit::try_from(n).is_err()));
    }
}
