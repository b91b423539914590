use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::*;

fn assert_same(value: &impl Serialize) {
    assert_eq!(String::from_utf8(to_vec(value).unwrap()).unwrap(), serde_json::to_string(value).unwrap());
}

/// Of each shape that serde knows.
#[derive(Serialize)]
enum Shape {
    Unit,
    Newtype(Option<u8>),
    Tuple(i128, &'static str),
    Struct { name: &'static str, nothing: () },
    Empty {},
}

#[derive(Serialize)]
struct Nothing;

#[derive(Serialize)]
struct Pair(f32, char);

#[derive(Serialize)]
struct Whole {
    shapes: Vec<Shape>,
    pair: Pair,
    nothing: Nothing,
    numbers: BTreeMap<i64, bool>,
    flags: BTreeMap<bool, f64>,
    #[serde(flatten)]
    more: BTreeMap<&'static str, [u16; 2]>,
}

#[test]
fn every_shape_is_as_serde_json_writes_it() {
    let shapes = vec![
        Shape::Unit,
        Shape::Newtype(None),
        Shape::Newtype(Some(7)),
        Shape::Tuple(i128::MIN, "a\"b"),
        Shape::Struct { name: "é\n", nothing: () },
        Shape::Empty {},
    ];
    assert_same(&Whole {
        shapes,
        pair: Pair(1.5, '\\'),
        nothing: Nothing,
        numbers: BTreeMap::from([(-1, true), (2, false)]),
        flags: BTreeMap::from([(true, f64::NAN), (false, 1e300)]),
        more: BTreeMap::from([("x", [1, 2]), ("y\t", [3, 4])]),
    });
    assert_same(&(u128::MAX, Uuid::nil(), BTreeMap::<String, u8>::new(), Vec::<u8>::new()));
}

#[test]
fn what_formats_itself_is_escaped_too() {
    assert_same(&format_args!("a {} b", "\"\u{1}\\"));
    assert_same(&format_args!("2026-11-22 {}", 'é'));
}

#[test]
fn a_key_that_is_no_text_is_refused() {
    assert!(to_vec(&BTreeMap::from([([1], 2)])).is_err());
    assert!(to_vec(&BTreeMap::from([(None::<u8>, 2)])).is_err());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|it| it.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_as_serde_json_writes_it(value in any_json()) {
        assert_same(&value);
    }
}
