//! Keyset pages: `?limit=&cursor=` in, `{"items", "next_cursor"}` out. A cursor is the sort key of the last item and
//! the list that it is of, opaque to clients; never an offset, so a page costs the same wherever it lies.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::error::{Error, Result};

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; null on the last.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// Which list it is, as a hash of its name, what it is of and its filter: the cursor of another would leave items out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct List(u32);

impl List {
    /// `of` is all that decides which items the list has, and in which order.
    pub fn new(name: &str, of: &impl Serialize) -> Self {
        let hash = digest(&SHA256, &serde_json::to_vec(&(name, of)).unwrap_or_default());
        Self(hash.as_ref().iter().take(4).fold(0, |hash, byte| (hash << 8) | u32::from(*byte)))
    }

    /// Where to go on; none at the beginning.
    pub fn after<K>(self, cursor: Option<Cursor<K>>) -> Result<Option<K>> {
        match cursor {
            Some(cursor) if cursor.list != self => {
                Err(Error::field("?cursor", "is of another list: send it with the filters of the page that gave it"))
            }
            cursor => Ok(cursor.map(|cursor| cursor.key)),
        }
    }

    /// From `limit + 1` rows: the one too many says that there is a next page.
    pub fn page<T, K: Serialize>(self, mut rows: Vec<T>, limit: Limit, key: impl Fn(&T) -> K) -> Page<T> {
        let more = rows.len() > limit.0;
        rows.truncate(limit.0);
        let next_cursor = rows.last().filter(|_| more).map(|last| self.cursor(key(last)));
        Page { items: rows, next_cursor }
    }

    pub fn cursor<K: Serialize>(self, key: K) -> String {
        Cursor { list: self, key }.to_string()
    }
}

/// How many items a page holds: 1 to 200, 50 unless said.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub struct Limit(usize);

impl Limit {
    /// Of what is read page by page for one long answer.
    pub const OF_REPORT: Self = Self(1_000);

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

    fn try_from(n: i64) -> std::result::Result<Self, Self::Error> {
        match usize::try_from(n) {
            Ok(n @ 1..=200) => Ok(Self(n)),
            _ => Err("must be a whole number from 1 to 200"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<K> {
    list: List,
    pub key: K,
}

impl<K: Serialize> fmt::Display for Cursor<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&(self.list, &self.key)).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Cursor<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw = String::deserialize(deserializer)?;
        let json = BASE64_URL_SAFE_NO_PAD.decode(&raw).ok();
        let read = json.and_then(|json| serde_json::from_slice(&json).ok());
        read.map(|(list, key)| Self { list, key }).ok_or_else(|| {
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
            let cursor = Cursor { list: List::new("things", &id), key: (name, at, Uuid::from_u128(id)) };
            let text = serde_json::Value::from(cursor.to_string());
            prop_assert_eq!(serde_json::from_value::<Cursor<(String, DateTime<Utc>, Uuid)>>(text).unwrap(), cursor);
        }
    }

    fn read<K: DeserializeOwned>(cursor: &str) -> Cursor<K> {
        serde_json::from_value(cursor.into()).unwrap()
    }

    #[test]
    fn a_cursor_goes_on_in_its_own_list_alone() {
        let list = List::new("things", &("red", Some(7)));
        let cursor = list.cursor((7, "é".to_owned()));
        assert_eq!(list.after(Some(read(&cursor))).unwrap(), Some((7, "é".to_owned())));
        assert_eq!(list.after(None::<Cursor<i32>>).unwrap(), None);
        for other in [List::new("things", &("red", Some(8))), List::new("people", &("red", Some(7)))] {
            assert!(matches!(other.after(Some(read::<(i32, String)>(&cursor))), Err(Error::Invalid(_))));
        }
    }

    #[test]
    fn one_row_too_many_makes_a_next_page() {
        let list = List::new("numbers", &());
        let page = list.page(vec![1, 2, 3], Limit(2), |n| *n);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(page.next_cursor, Some(list.cursor(2)));
        assert!(list.page(vec![1, 2], Limit(2), |n| *n).next_cursor.is_none());
    }

    #[test]
    fn a_limit_outside_one_to_two_hundred_is_refused() {
        assert!([0, -1, 201, i64::MAX].into_iter().all(|n| Limit::try_from(n).is_err()));
    }
}
