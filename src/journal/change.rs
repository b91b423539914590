//! What has changed: the fields with before and after.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Kind;
use crate::base::error::{Error, Result};

/// The lab of a change that belongs to none.
pub const NO_LAB: Uuid = Uuid::nil();

/// Of every entity. They are the line's own, or say that there was a change and not which.
const OF_THE_LINE: [&str; 5] = ["id", "lab_id", "version", "created_at", "updated_at"];

/// An entity whose changes the journal tells.
pub trait Journalled: Serialize {
    /// Fields whose values are those of a person (name, phone, e-mail, address, device): a line has their names alone.
    const PERSONAL: &'static [&'static str] = &[];
    /// Fields that a line leaves out: what follows from others, what somebody else sees otherwise, secrets.
    const LEFT_OUT: &'static [&'static str] = &[];
}

/// One line. `fields` is `{field: [before, after]}` of what has changed; null stands in the place of both values of a
/// personal field.
#[derive(Debug, Clone)]
pub struct Change {
    pub(super) lab_id: Uuid,
    pub(super) kind: Kind,
    pub(super) subject: Uuid,
    pub(super) fields: Map<String, Value>,
    pub(super) without_key: bool,
}

impl Change {
    /// Of nothing yet.
    pub fn new(kind: Kind, lab_id: Uuid, subject: Uuid) -> Self {
        Self { lab_id, kind, subject, fields: Map::new(), without_key: false }
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// All that there is of what is new.
    pub fn created<T: Journalled>(self, after: &T) -> Result<Self> {
        self.between(None, Some(after))
    }

    /// What differs.
    pub fn changed<T: Journalled>(self, before: &T, after: &T) -> Result<Self> {
        self.between(Some(before), Some(after))
    }

    /// All that there was of what is gone.
    pub fn deleted<T: Journalled>(self, before: &T) -> Result<Self> {
        self.between(Some(before), None)
    }

    fn between<T: Journalled>(mut self, before: Option<&T>, after: Option<&T>) -> Result<Self> {
        let (mut before, mut after) = (object(before)?, object(after)?);
        let names: Vec<_> =
            before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))).cloned().collect();
        for name in names {
            let (was, is) = (before.remove(&name).unwrap_or_default(), after.remove(&name).unwrap_or_default());
            if was == is || OF_THE_LINE.contains(&&*name) || T::LEFT_OUT.contains(&&*name) {
                continue;
            }
            let values = if T::PERSONAL.contains(&&*name) { Value::Null } else { Value::Array(vec![was, is]) };
            self.fields.insert(name, values);
        }
        Ok(self)
    }

    /// One field, if it differs.
    #[must_use]
    pub fn field<T: Serialize + PartialEq>(mut self, name: &str, before: T, after: T) -> Self {
        let values = [before, after];
        if values[0] != values[1] {
            self.fields.insert(name.to_owned(), serde_json::json!(values));
        }
        self
    }

    /// One field, also where it is the same as before: without it the line would not say what was done.
    #[must_use]
    pub fn told<T: Serialize>(mut self, name: &str, before: T, after: T) -> Self {
        self.fields.insert(name.to_owned(), serde_json::json!([before, after]));
        self
    }

    /// A field whose values are personal, if it differs.
    #[must_use]
    pub fn personal(mut self, name: &str, differs: bool) -> Self {
        if differs {
            self.fields.insert(name.to_owned(), Value::Null);
        }
        self
    }

    /// Whether an admin did it in a place to which they have no key.
    #[must_use]
    pub fn without_key(self, is_without: bool) -> Self {
        Self { without_key: is_without, ..self }
    }

    /// Of these fields alone.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.fields.retain(|name, _| names.contains(&&**name));
        self
    }
}

fn object<T: Journalled>(entity: Option<&T>) -> Result<Map<String, Value>> {
    match entity.map(serde_json::to_value).transpose() {
        Ok(None) => Ok(Map::new()),
        Ok(Some(Value::Object(fields))) => Ok(fields),
        Ok(Some(_)) => Err(Error::Internal(anyhow::anyhow!("an entity of the journal is no object"))),
        Err(cause) => Err(Error::Internal(cause.into())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    struct Person {
        id: Uuid,
        name: &'static str,
        role: &'static str,
        left_at: Option<i64>,
        password: &'static str,
        version: i32,
    }

    impl Journalled for Person {
        const PERSONAL: &'static [&'static str] = &["name"];
        const LEFT_OUT: &'static [&'static str] = &["password"];
    }

    const MARIE: Person =
        Person { id: Uuid::nil(), name: "Marie", role: "member", left_at: None, password: "secret", version: 1 };

    fn change() -> Change {
        Change::new(Kind::MemberRoleChanged, NO_LAB, Uuid::nil())
    }

    #[test]
    fn only_what_differs_is_told_and_of_a_personal_field_the_name_alone() {
        let after = Person { name: "Maria", role: "admin", password: "other", version: 2, ..MARIE };
        let changed = change().changed(&MARIE, &after).unwrap();
        assert_eq!(Value::from(changed.fields), json!({"name": null, "role": ["member", "admin"]}));
    }

    #[test]
    fn the_same_twice_is_no_change() {
        assert!(change().changed(&MARIE, &Person { version: 2, ..MARIE }).unwrap().is_empty());
        assert!(change().field("role", "member", "member").personal("name", false).is_empty());
    }

    #[test]
    fn what_is_new_has_all_its_values_after_and_what_is_gone_before() {
        let created = change().created(&MARIE).unwrap();
        assert_eq!(Value::from(created.fields), json!({"name": null, "role": [null, "member"]}));
        let deleted = change().deleted(&Person { left_at: Some(7), ..MARIE }).unwrap();
        assert_eq!(Value::from(deleted.fields), json!({"name": null, "role": ["member", null], "left_at": [7, null]}));
    }

    #[test]
    fn a_line_of_some_fields_has_no_others() {
        let after = Person { role: "admin", left_at: Some(7), ..MARIE };
        let changed = change().changed(&MARIE, &after).unwrap().only(&["left_at"]);
        assert_eq!(Value::from(changed.fields), json!({"left_at": [null, 7]}));
    }
}
