//! One of many values in a body, read by itself: when it is wrong, the others are still served.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::reading;
use crate::base::error::Field;

/// The value, or everything that is wrong with it, with pointers that begin at it.
#[derive(Debug)]
pub struct Each<T>(pub Result<T, Vec<Field>>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(reading::of_value(&value)))
    }
}
