//! What nobody should send, and bodies made of it by a schema.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use proptest::{
    prelude::*,
    sample::select,
    strategy::{BoxedStrategy, Union},
};
use serde_json::{Value, json};

use super::Api;

/// JSON texts that no field takes.
pub fn unacceptable() -> Vec<String> {
    let texts = [r#""\u0000""#, r#""a\u0000b""#, r#""\ud800""#, r#""a\udc00b""#, "1e400", "-1e400", "[[[[[[]]]]]]"];
    let mut all: Vec<_> = texts.map(str::to_owned).into();
    all.push(format!("{:?}", "x".repeat(10_000)));
    all.push("[".repeat(500) + &"]".repeat(500));
    all
}

/// Texts that are something else than they seem, or too much of it; some field may take one or the other.
const ODD: [&str; 14] =
    ["", " ", "\u{202e}", "\u{7}", "a\nb", "\u{feff}", "😀", "ﬀ", "٣", "２", "%", "_", "\\", "'; drop table labs; --"];
const NUMBERS: &str = "NaN Infinity 1e400 1e30 1e-30 -1 -0 +1 1,5 .5 5. 0x10 99999999999999999999999999999999 \
    0.000000000000000000000000000000001 9223372036854775808 2147483648";
const DATES: &str = "0000-00-00 -262143-01-01 +262142-12-31 0000-01-01 -4713-01-01 9999-12-31 10000-01-01 2027-02-30 \
    -262143-01-01T00:00:00Z +262142-12-31T23:59:59Z 2027-01-01T00:00:60Z 0000-01-01T00:00:00+23:59 294277-01-01T00:00:00Z";
const IDS: &str = "00000000-0000-0000-0000-000000000000 ffffffff-ffff-ffff-ffff-ffffffffffff \
    urn:uuid:01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f {01993F2E-8A5B-7C1D-9E2F-3A4B5C6D7E8F}";
const WORDS: &str = "furlong m Cel mol [gal_us] 64-17-6 0-0-0 9999999-99-9 C99999999999 ((((((((((C))))))))))2 +0 +1900 \
    +999999999999999999 tel:+12025550123;ext=1 ../../etc/passwd %00 {} null admin withdraw box sms whatsapp";

/// As JSON texts: what is no text, or not the one that belongs there.
const SHAPES: [&str; 25] = [
    "null",
    "true",
    "0",
    "-1",
    "-0.0",
    "0.5",
    "1e-400",
    "1e15",
    "2147483648",
    "9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "[]",
    "{}",
    "[null]",
    r#"{"": 1}"#,
    r#"["\u0000"]"#,
    r#"{"value": "1"}"#,
    r#"{"value": 1.5, "unit": "mL"}"#,
    r#"{"value": "-5", "unit": "mL"}"#,
    r#"{"value": "1", "unit": "furlong"}"#,
    r#"{"value": "1", "unit": "m"}"#,
    r#"{"value": "999999999999999999999999", "unit": "kL"}"#,
    r#"{"value": "0.0000000000000000000001", "unit": "pg"}"#,
    r#"{"value": "1", "unit": "mL", "more": 1}"#,
];

fn texts() -> Vec<&'static str> {
    ODD.into_iter().chain([NUMBERS, DATES, IDS, WORDS].into_iter().flat_map(str::split_whitespace)).collect()
}

/// Anything: mostly what may be taken at first sight.
fn anything() -> BoxedStrategy<String> {
    prop_oneof![
        3 => select(texts()).prop_map(|text| json!(text).to_string()),
        3 => select(&SHAPES[..]).prop_map(str::to_owned),
        2 => select(unacceptable()),
        1 => any::<String>().prop_map(|text| json!(text).to_string()),
        1 => any::<f64>().prop_map(|number| json!(number).to_string()),
    ]
    .boxed()
}

/// Anything, and rather what this schema may be weak against.
pub fn against(api: &Api, schema: &Value) -> BoxedStrategy<String> {
    let text = api.resolve(schema).to_string();
    let family = match () {
        () if text.contains("\"date") => DATES,
        () if text.contains("\"uuid\"") => IDS,
        () => return anything(),
    };
    let family = select(family.split_whitespace().collect::<Vec<_>>()).prop_map(|text| json!(text).to_string());
    prop_oneof![2 => family, 1 => anything()].boxed()
}

/// A part of a URL: percent-encoded, also what is no text.
pub fn url_part() -> BoxedStrategy<String> {
    let raw = [
        "%00",
        "a%00b",
        "%ff",
        "%ed%a0%80",
        "%",
        "%2",
        "%zz",
        "%2e%2e",
        "%2f",
        "%1d",
        "true",
        "1",
        "0",
        "201",
        "+",
        "&",
        "=",
        "[]",
    ];
    prop_oneof![
        3 => select(texts()).prop_map(super::world::encode),
        3 => select(raw.to_vec()).prop_map(str::to_owned),
        1 => select(cursors(0)),
        1 => any::<String>().prop_map(|text| super::world::encode(&text)),
        1 => select(vec![1_000, 10_000]).prop_map(|n| "x".repeat(n)),
    ]
    .boxed()
}

/// The list that a cursor says it is of.
pub fn list_of(cursor: &str) -> u64 {
    let json = BASE64_URL_SAFE_NO_PAD.decode(cursor).expect("a cursor");
    serde_json::from_slice::<Value>(&json).expect("a cursor")[0].as_u64().expect("a list")
}

/// In the form of a cursor of this list, but none that it gave.
pub fn cursors(list: u64) -> Vec<String> {
    let id = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    let keys = [
        json!(id),
        json!(i32::MIN),
        json!(["\0", id]),
        json!(["x".repeat(10_000), id]),
        json!({"id": id, "location": id, "date": "-262143-01-01"}),
        json!({"id": id, "date": "+262142-12-31"}),
        json!({"id": id}),
        json!([]),
        json!(null),
    ];
    keys.iter().map(|key| BASE64_URL_SAFE_NO_PAD.encode(json!([list, key]).to_string())).collect()
}

/// A body by its schema, as text: what the schema says, with something missing, wrong or too much here and there.
pub fn body(api: &Api, schema: &Value, things: &Value) -> BoxedStrategy<String> {
    prop_oneof![9 => by_schema(api, "", schema, things), 1 => anything()].boxed()
}

fn by_schema(api: &Api, name: &str, schema: &Value, things: &Value) -> BoxedStrategy<String> {
    let schema = api.resolve(schema);
    for word in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[word].as_array() {
            return Union::new(choices.iter().map(|choice| by_schema(api, name, choice, things))).boxed();
        }
    }
    let properties = properties(api, schema);
    if !properties.is_empty() {
        return object(api, &properties, things);
    }
    if let Some(items) = schema.get("items") {
        let items = prop::collection::vec(by_schema(api, name, items, things), 0..4);
        return items.prop_map(|items| format!("[{}]", items.join(","))).boxed();
    }
    prop_oneof![4 => select(proper(name, schema, things)), 1 => against(api, schema)].boxed()
}

fn object(api: &Api, properties: &[(String, Value, bool)], things: &Value) -> BoxedStrategy<String> {
    let field = |(name, schema, required): &(String, Value, bool)| {
        let key = json!(name).to_string();
        let value = by_schema(api, name, schema, things).prop_map(move |value| format!("{key}:{value}"));
        prop::option::weighted(if *required { 0.97 } else { 0.3 }, value)
    };
    let extra = prop::option::weighted(0.05, anything().prop_map(|value| format!("\"more\":{value}")));
    (properties.iter().map(field).collect::<Vec<_>>(), extra)
        .prop_map(|(mut fields, extra)| {
            fields.push(extra);
            format!("{{{}}}", fields.into_iter().flatten().collect::<Vec<_>>().join(","))
        })
        .boxed()
}

/// Name, schema, and whether it must be there; those of all parts of an `allOf`.
pub fn properties(api: &Api, schema: &Value) -> Vec<(String, Value, bool)> {
    let schema = api.resolve(schema);
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name));
    let own = schema["properties"].as_object().into_iter().flatten();
    let own = own.map(|(name, schema)| (name.clone(), schema.clone(), required(name)));
    let parts = schema["allOf"].as_array().into_iter().flatten();
    own.chain(parts.flat_map(|part| properties(api, part))).collect()
}

/// What the schema takes, as JSON texts.
pub fn proper(name: &str, schema: &Value, things: &Value) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(things.get(name).map(Value::to_string));
    all.extend(schema.get("example").map(Value::to_string));
    all.extend(schema["enum"].as_array().into_iter().flatten().map(Value::to_string));
    if all.is_empty() {
        let texts: &[&str] = match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("integer"), _) => &["1", "2", "168"],
            (Some("number"), _) => &["1", "0.5"],
            (Some("boolean"), _) => &["true", "false"],
            (Some("null"), _) => &["null"],
            (_, Some("uuid")) => &["\"01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f\""],
            (_, Some("date")) => &["\"2028-06-30\""],
            (_, Some("date-time")) => &["\"2026-11-17T00:00:00Z\""],
            _ => &["\"x\"", "\"ethanol\"", "\"12.5\"", "\"mL\"", "\"Room 214\""],
        };
        all.extend(texts.iter().map(|text| (*text).to_owned()));
    }
    all
}
