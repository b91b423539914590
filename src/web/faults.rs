//! Everything that is wrong with a body.
//!
//! serde stops at the first fault. So after a fault the body is read again, from a [`Value`]: the fault is noted, the
//! wrong value is replaced by one that passes, and the reading goes on to the next fault.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};

use super::{sentence, strict::Strict};
use crate::base::error::Field;

/// Nobody mends more faults than this at once.
const MOST_FAULTS: usize = 30;

/// A fault, and the keys that lead to it.
#[derive(Debug)]
pub(super) struct Fault {
    keys: Vec<String>,
    detail: String,
    is_missing: bool,
}

impl Fault {
    pub fn of(path: &Path, cause: &str) -> Self {
        let mut keys: Vec<_> = path.iter().filter_map(key).collect();
        let (below, detail) = sentence::of(cause);
        let is_missing = below.is_some() && cause.starts_with("missing field");
        if let Some(below) = below.filter(|below| is_missing || keys.last().is_none_or(|last| last != below)) {
            keys.push(below.to_owned());
        }
        Self { keys, detail, is_missing }
    }

    pub fn field(self) -> Field {
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

/// All faults that keep the body from being a `T`; `first` is the one at which serde stopped.
pub(super) fn all_faults<T: DeserializeOwned>(body: &[u8], first: Fault) -> Vec<Field> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return vec![first.field()] };
    let mut next = attempt::<T>(&value).err();
    if let Some(whole) = next.take_if(|next| next.keys.is_empty()) {
        return vec![whole.field()];
    }
    let first = first.field();
    let mut fields = Vec::new();
    while let Some(fault) = next.take() {
        // A fault of the whole body may come from our replacements.
        if fault.keys.is_empty() && !fields.is_empty() {
            break;
        }
        next = mend::<T>(&mut value, &fault);
        let is_stuck = next.as_ref().is_some_and(|next| next.keys.starts_with(&fault.keys));
        // A wrong value that was taken out is reported as missing, too: only the first report counts.
        let field = fault.field();
        if !fields.iter().any(|told: &Field| told.pointer == field.pointer) {
            fields.push(field);
        }
        if is_stuck || fields.len() == MOST_FAULTS {
            break;
        }
    }
    // A name that stands in the body twice is no fault of the value that was read.
    if !fields.iter().any(|field: &Field| field.pointer == first.pointer) {
        fields.insert(0, first);
    }
    fields
}

/// Replaces the wrong value until the next fault lies elsewhere, and answers that fault.
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

/// The first name of an enumeration, from the sentence that lists its names.
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

pub(super) fn attempt<T: DeserializeOwned>(value: &Value) -> Result<(), Fault> {
    serde_path_to_error::deserialize::<_, T>(Strict(value))
        .map(drop)
        .map_err(|error| Fault::of(error.path(), &error.inner().to_string()))
}
