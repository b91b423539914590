//! From the bytes of a body to a value, or to everything that is wrong with it.
//!
//! serde stops at the first fault. Only after a fault is the body read again, from a [`Value`]: each fault is noted, what
//! is at fault is replaced by something that passes, and it goes on to the next.

use std::collections::VecDeque;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, json};
use serde_path_to_error::{Path, Segment};

use super::{catalogue::general, problem::Problem, sentence};
use crate::{error::Field, patch::KEPT};

/// More faults than this nobody mends at one go.
const MOST_FAULTS: usize = 30;

/// A body that is not JSON is 400; JSON that is not what the operation takes is 422. Both say where.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let fault = Fault::of(error.path(), &error.inner().to_string());
        match serde_json::from_slice(body) {
            // A list that serde took for an object and stopped in the middle of.
            Ok(Value::Array(_)) if !error.inner().is_data() => {
                Problem::new(general::INVALID).errors(vec![Field::new("", sentence::NO_OBJECT)])
            }
            // serde_json calls some values of a wrong type a fault of syntax, such as null where a name is due.
            Ok(_) => Problem::new(general::INVALID).errors(all_faults::<T>(body, fault)),
            Err(_) if error.inner().is_data() => Problem::new(general::INVALID).errors(vec![fault.field()]),
            Err(_) => Problem::new(general::MALFORMED).errors(vec![fault.field()]),
        }
    })?;
    if let Err(cause) = deserializer.end() {
        if serde_json::from_slice::<Value>(body).is_ok() {
            return Err(Problem::new(general::INVALID).errors(vec![Field::new("", sentence::NO_OBJECT)]));
        }
        let (_, detail) = sentence::of(&cause.to_string());
        return Err(Problem::new(general::MALFORMED).errors(vec![Field::new("", detail)]));
    }
    // serde takes a list of values for an object with fields in that order. Few bodies have a list at all.
    if body.contains(&b'[')
        && let Err(fault) = serde_json::from_slice(body).map_or(Ok(()), |value| attempt::<T>(&value))
    {
        return Err(Problem::new(general::INVALID).errors(all_faults::<T>(body, fault)));
    }
    Ok(value)
}

/// As [`parse`], where `clear` lists fields to be set to null: for clients that cannot send null, or send it for every
/// field that they do not know.
pub(super) fn parse_patch<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let has_list = body.windows(CLEAR.len()).any(|window| window == CLEAR);
    let Some(mut value) = has_list.then(|| serde_json::from_slice::<Map<_, _>>(body).ok()).flatten() else {
        return parse(body);
    };
    let Some(names) = value.remove("clear") else { return parse(body) };
    let refuse = |fields| Err(Problem::new(general::INVALID).errors(fields));
    let Ok(names) = serde_json::from_value::<Vec<String>>(names) else {
        return refuse(vec![Field::new("/clear", "must be a list of names of fields")]);
    };
    let mut wrong = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let pointer = format!("/clear/{index}");
        if KEPT.contains(&&**name) {
            wrong.push(Field::new(pointer, "always has a value, and cannot be cleared"));
        } else if value.insert(name.clone(), Value::Null).is_some() {
            wrong.push(Field::new(pointer, "is sent, or named twice: set it or clear it"));
        }
    }
    let cleared = parse::<T>(&serde_json::to_vec(&value).unwrap_or_default()).map_err(|mut problem| {
        for field in &mut problem.errors {
            if let Some(index) = names.iter().position(|name| field.pointer == format!("/{name}")) {
                *field = Field::new(format!("/clear/{index}"), "is no field that can be cleared");
            }
        }
        problem
    });
    match cleared {
        Err(mut problem) => {
            problem.errors.extend(wrong);
            Err(problem)
        }
        Ok(_) if !wrong.is_empty() => refuse(wrong),
        Ok(patch) => Ok(patch),
    }
}

const CLEAR: &[u8] = b"\"clear\"";

/// A fault, and the keys that lead to it.
#[derive(Debug)]
struct Fault {
    keys: Vec<String>,
    detail: String,
    is_missing: bool,
}

impl Fault {
    fn of(path: &Path, cause: &str) -> Self {
        let mut keys: Vec<_> = path.iter().filter_map(key).collect();
        let (below, detail) = sentence::of(cause);
        let is_missing = below.is_some() && cause.starts_with("missing field");
        if let Some(below) = below.filter(|below| is_missing || keys.last().is_none_or(|last| last != below)) {
            keys.push(below.to_owned());
        }
        Self { keys, detail, is_missing }
    }

    fn field(self) -> Field {
        let pointer = self.keys.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")));
        Field::new(pointer.collect::<String>(), self.detail)
    }
}

fn key(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

fn all_faults<T: DeserializeOwned>(body: &[u8], first: Fault) -> Vec<Field> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return vec![first.field()] };
    let mut next = attempt::<T>(&value).err();
    if let Some(whole) = next.take_if(|next| next.keys.is_empty()) {
        return vec![whole.field()];
    }
    let first = first.field();
    let mut fields = Vec::new();
    while let Some(fault) = next.take() {
        // One of the whole may be of our own making.
        if fault.keys.is_empty() && !fields.is_empty() {
            break;
        }
        next = mend::<T>(&mut value, &fault);
        let is_stuck = next.as_ref().is_some_and(|next| next.keys.starts_with(&fault.keys));
        // A wrong value was taken out to look further, and is missing since.
        let field = fault.field();
        if !fields.iter().any(|told: &Field| told.pointer == field.pointer) {
            fields.push(field);
        }
        if is_stuck || fields.len() == MOST_FAULTS {
            break;
        }
    }
    // It is not in the value when it is a name that stands there twice.
    if !fields.iter().any(|field: &Field| field.pointer == first.pointer) {
        fields.insert(0, first);
    }
    fields
}

/// Puts something else where the fault is, until the next fault is another one; answers that one.
fn mend<T: DeserializeOwned>(value: &mut Value, fault: &Fault) -> Option<Fault> {
    let (last, above) = fault.keys.split_last()?;
    let mut next = None;
    let mut fillers: VecDeque<_> = fillers().map(Some).collect();
    fillers.extend(named(&fault.detail).map(Some));
    if !fault.is_missing {
        fillers.push_front(None);
    }
    let mut knows_names = false;
    while let Some(filler) = fillers.pop_front() {
        put(value, above, last, filler);
        next = attempt::<T>(value).err();
        let Some(again) = next.as_ref().filter(|next| next.keys.starts_with(&fault.keys)) else { break };
        if !knows_names && let Some(name) = named(&again.detail) {
            knows_names = true;
            fillers.push_front(Some(name));
        }
    }
    next
}

/// The first name of an enumeration, as the sentence about a wrong one has it.
fn named(detail: &str) -> Option<Value> {
    let names = detail.strip_prefix("must be one of ")?;
    names.split([',', ' ']).next().map(|name| json!(name))
}

/// At least one of these passes as a value of nearly every type.
fn fillers() -> impl Iterator<Item = Value> {
    let texts = ["a", "+12025550123", "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f", "1", "2027-01-01", "64-17-5"];
    let texts = texts.into_iter().chain(["2027-01-01T00:00:00Z", "someone@example.org", "123456", "mL"]);
    let others = [json!(1), json!(true), json!([]), json!({}), json!({"value": "1", "unit": "mL"}), Value::Null];
    texts.map(|text| json!(text)).chain(others)
}

fn put(value: &mut Value, above: &[String], last: &str, filler: Option<Value>) {
    let parent = above.iter().try_fold(value, |at, key| match at {
        Value::Object(object) => object.get_mut(key),
        Value::Array(list) => list.get_mut(key.parse::<usize>().ok()?),
        _ => None,
    });
    match (parent, filler) {
        (Some(Value::Object(object)), Some(filler)) => drop(object.insert(last.to_owned(), filler)),
        (Some(Value::Object(object)), None) => drop(object.remove(last)),
        (Some(Value::Array(list)), Some(filler)) => {
            if let Some(item) = last.parse().ok().and_then(|index: usize| list.get_mut(index)) {
                *item = filler;
            }
        }
        _ => {}
    }
}

fn attempt<T: DeserializeOwned>(value: &Value) -> Result<(), Fault> {
    serde_path_to_error::deserialize::<_, T>(Strict(value))
        .map(drop)
        .map_err(|error| Fault::of(error.path(), &error.inner().to_string()))
}

/// A value that is read as an object only where it is one.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for Strict<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(list) => visitor.visit_seq(SeqDeserializer::new(list.iter().map(Strict))),
            Value::Object(object) => {
                visitor.visit_map(MapDeserializer::new(object.iter().map(|(key, value)| (key.as_str(), Strict(value)))))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        if self.0.is_array() {
            return Err(Self::Error::invalid_type(Unexpected::Seq, &visitor));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{chemistry::Quantity, language::Language, phone::Phone, text::Name};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused counts")]
    struct Body {
        phone: Phone,
        name: Name,
        language: Language,
        amount: Option<Quantity>,
        ids: Option<Vec<uuid::Uuid>>,
        count: Option<u8>,
    }

    fn refused(body: &str) -> Vec<(String, String)> {
        let problem = parse::<Body>(body.as_bytes()).expect_err(body);
        problem.errors.into_iter().map(|field| (field.pointer, field.detail)).collect()
    }

    fn pointers(body: &str) -> Vec<String> {
        refused(body).into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let body = r#"{"phone": "+12025550123", "name": "", "language": "xx", "amount": {"value": "x", "unit": "mL"},
            "ids": ["01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f", "y", "z"], "count": -1, "more": 1, "a/b": 2}"#;
        let mut pointers = pointers(body);
        pointers.sort_unstable();
        assert_eq!(pointers, ["/amount/value", "/a~1b", "/count", "/ids/1", "/ids/2", "/language", "/more", "/name"]);
    }

    #[test]
    fn every_missing_field_is_named_where_it_belongs() {
        assert_eq!(pointers("{}"), ["/phone", "/name", "/language"]);
        assert_eq!(
            pointers(r#"{"phone": "+12025550123", "name": "x", "language": "de", "amount": {}}"#),
            ["/amount/value", "/amount/unit"]
        );
        assert!(refused("{}").iter().all(|(_, detail)| detail == "is required"));
        assert_eq!(pointers(r#"{"name": "", "count": "x"}"#), ["/count", "/name", "/phone", "/language"]);
    }

    #[test]
    fn a_value_of_a_wrong_type_is_no_fault_of_syntax() {
        for value in ["null", "5", "{}", "[]", "[1, 2]"] {
            let body = format!(r#"{{"phone": "+12025550123", "name": "x", "language": {value}}}"#);
            let problem = parse::<Body>(body.as_bytes()).expect_err(&body);
            assert_eq!((problem.status, &*problem.errors[0].pointer), (422, "/language"), "{problem:?}");
            assert!(problem.errors[0].detail.starts_with("must be"), "{problem:?}");
        }
    }

    #[test]
    fn a_name_that_stands_there_twice_is_refused() {
        let [(pointer, detail)] =
            &refused(r#"{"phone": "+12025550123", "phone": "+12025550124", "name": "x", "language": "de"}"#)[..]
        else {
            panic!("one field")
        };
        assert_eq!((pointer.as_str(), detail.as_str()), ("/phone", "stands there twice"));
    }

    #[test]
    fn a_list_is_no_object() {
        for body in [
            r#"["+12025550123", "x", "de", null, null, null]"#,
            r#"{"phone": "+12025550123", "name": "x", "language": "de", "amount": ["1", "mL"]}"#,
        ] {
            let fields = refused(body);
            assert!(fields.iter().all(|(_, detail)| detail == "must be an object"), "{fields:?}");
        }
        assert!(parse::<Body>(br#"{"phone": "+12025550123", "name": "x", "language": "de", "ids": []}"#).is_ok());
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        for body in [r#"{"phone": 424242}"#, r#"{"phone": "424242"}"#, r#"{"language": "424242"}"#] {
            assert!(!format!("{:?}", refused(body)).contains("424242"), "{:?}", refused(body));
        }
    }
}
