//! The canonical form of a line, which is hashed: RFC 8785 (JCS) of its stored columns, without those that are null
//! and without `xid`, which a dump and a restore make meaningless. Numerics and identifiers are texts, times are RFC
//! 3339 in UTC with microseconds, bytes are hexadecimal digits. docs/audit.md has it for whoever recomputes it
//! elsewhere.
//!
//! Own code instead of a crate: those write every fraction as a double, which would let two different numerics have
//! one form. Here whole numbers alone are JSON numbers.

use aws_lc_rs::digest::{Context, SHA256};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::base::secrets::hex;

pub type Hash = [u8; 32];

/// Before the first line of a lab.
pub const NO_HASH: Hash = [0; 32];

/// Of a line and all before it.
pub fn chained(before: &Hash, line: &str) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(line.as_bytes());
    let mut hash = NO_HASH;
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// A row of `journal`, all columns but `xid`. JSON is as Postgres writes it.
#[derive(Debug, Clone)]
pub struct JournalRow {
    pub lab_id: Uuid,
    pub id: Uuid,
    pub kind: String,
    pub subject: Uuid,
    pub changes: String,
    pub by_user: Option<Uuid>,
    pub by_system: Option<String>,
    pub by_for: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub request_id: Option<String>,
    pub at: DateTime<Utc>,
    pub without_key: Option<bool>,
}

/// A row of `stock_events`, all columns but `xid`. Numerics and JSON are as Postgres writes them.
#[derive(Debug, Clone)]
pub struct LedgerRow {
    pub id: Uuid,
    pub lab_id: Uuid,
    pub container_id: Uuid,
    pub seq: i32,
    pub r#type: String,
    pub delta: String,
    pub amount_after: String,
    pub typed_value: Option<String>,
    pub typed_unit: Option<String>,
    pub state_before: Option<String>,
    pub state_after: String,
    pub location_before: Option<Uuid>,
    pub location_after: Option<Uuid>,
    pub reverses: Option<Uuid>,
    pub reason: Option<String>,
    pub by_user: Option<Uuid>,
    pub by_system: Option<String>,
    pub by_for: Option<Uuid>,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub changes: Option<String>,
    pub counted_with: Option<String>,
    pub brought: Option<String>,
    pub day: Option<NaiveDate>,
    pub content: Option<Vec<u8>>,
    pub session_id: Option<Uuid>,
    pub request_id: Option<String>,
    pub without_key: Option<bool>,
}

impl JournalRow {
    pub fn canonical(&self) -> String {
        let mut form = Form::default();
        form.time("at", self.at);
        form.id("by_for", self.by_for);
        form.text("by_system", self.by_system.as_deref());
        form.id("by_user", self.by_user);
        form.json("changes", Some(&self.changes));
        form.id("id", Some(self.id));
        form.text("kind", Some(&self.kind));
        form.id("lab_id", Some(self.lab_id));
        form.text("request_id", self.request_id.as_deref());
        form.id("session_id", self.session_id);
        form.id("subject", Some(self.subject));
        form.json("without_key", self.without_key.map(|it| it.to_string()).as_deref());
        form.end()
    }
}

impl LedgerRow {
    pub fn canonical(&self) -> String {
        let mut form = Form::default();
        form.text("amount_after", Some(&self.amount_after));
        form.json("brought", self.brought.as_deref());
        form.id("by_for", self.by_for);
        form.text("by_system", self.by_system.as_deref());
        form.id("by_user", self.by_user);
        form.json("changes", self.changes.as_deref());
        form.id("container_id", Some(self.container_id));
        form.text("content", self.content.as_deref().map(hex).as_deref());
        form.json("counted_with", self.counted_with.as_deref());
        form.text("day", self.day.map(|day| day.to_string()).as_deref());
        form.text("delta", Some(&self.delta));
        form.id("id", Some(self.id));
        form.id("lab_id", Some(self.lab_id));
        form.id("location_after", self.location_after);
        form.id("location_before", self.location_before);
        form.time("occurred_at", self.occurred_at);
        form.text("reason", self.reason.as_deref());
        form.time("recorded_at", self.recorded_at);
        form.text("request_id", self.request_id.as_deref());
        form.id("reverses", self.reverses);
        form.number("seq", self.seq);
        form.id("session_id", self.session_id);
        form.text("state_after", Some(&self.state_after));
        form.text("state_before", self.state_before.as_deref());
        form.text("type", Some(&self.r#type));
        form.text("typed_unit", self.typed_unit.as_deref());
        form.text("typed_value", self.typed_value.as_deref());
        form.json("without_key", self.without_key.map(|it| it.to_string()).as_deref());
        form.end()
    }
}

/// A JSON object that grows by its members, whose names come in order.
#[derive(Default)]
struct Form(String);

impl Form {
    fn name(&mut self, name: &str) -> &mut String {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        write_text(&mut self.0, name);
        self.0.push(':');
        &mut self.0
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            write_text(self.name(name), text);
        }
    }

    fn id(&mut self, name: &str, id: Option<Uuid>) {
        if let Some(id) = id {
            self.text(name, Some(id.hyphenated().encode_lower(&mut Uuid::encode_buffer())));
        }
    }

    fn time(&mut self, name: &str, at: DateTime<Utc>) {
        self.text(name, Some(&at.to_rfc3339_opts(SecondsFormat::Micros, true)));
    }

    fn number(&mut self, name: &str, number: i32) {
        self.name(name).push_str(&number.to_string());
    }

    /// Where a number in it is not a whole one that every reader of JSON keeps exactly, its text stands for it.
    fn json(&mut self, name: &str, json: Option<&str>) {
        let Some(json) = json else { return };
        match serde_json::from_str(json) {
            Ok(value) if is_exact(&value) => write_value(self.name(name), &value),
            _ => self.text(name, Some(json)),
        }
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// RFC 8785, section 3.2.2.3, gives numbers as doubles: up to here they are exact.
const MOST: u64 = (1 << 53) - 1;

fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number <= MOST,
            (None, Some(number)) => number.unsigned_abs() <= MOST,
            (None, None) => false,
        },
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn write_value(into: &mut String, value: &Value) {
    match value {
        Value::String(text) => write_text(into, text),
        Value::Array(items) => {
            into.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    into.push(',');
                }
                write_value(into, item);
            }
            into.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // Section 3.2.3: by UTF-16 code units, which is another order than that of UTF-8.
            members.sort_unstable_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            into.push('{');
            for (n, (name, value)) in members.into_iter().enumerate() {
                if n > 0 {
                    into.push(',');
                }
                write_text(into, name);
                into.push(':');
                write_value(into, value);
            }
            into.push('}');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => into.push_str(&value.to_string()),
    }
}

/// Section 3.2.2.2: two characters where JSON has them, `\u00xx` for other controls, everything else as it is.
fn write_text(into: &mut String, text: &str) {
    into.push('"');
    for c in text.chars() {
        match c {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '\u{8}' => into.push_str("\\b"),
            '\t' => into.push_str("\\t"),
            '\n' => into.push_str("\\n"),
            '\u{c}' => into.push_str("\\f"),
            '\r' => into.push_str("\\r"),
            c if c < ' ' => {
                into.push_str("\\u00");
                into.push_str(&hex(&[c as u8]));
            }
            c => into.push(c),
        }
    }
    into.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(json: &str) -> String {
        let mut form = Form::default();
        form.json("v", Some(json));
        form.end()
    }

    #[test]
    fn names_are_in_the_order_of_utf_16_and_texts_as_the_rfc_writes_them() {
        // The example of section 3.2.3, with whole numbers.
        let json =
            "{\"\u{20ac}\": 1, \"\\r\": 2, \"\u{fb33}\": 3, \"1\": 4, \"\u{1f600}\": 5, \"\u{80}\": 6, \"\u{f6}\": 7}";
        let expected =
            "{\"v\":{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}}";
        assert_eq!(canonical(json), expected);
        let text = "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\t\\f\\r\u{7f}\"";
        assert_eq!(canonical(text), "{\"v\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\t\\f\\r\u{7f}\"}");
    }

    #[test]
    fn numbers_that_a_double_may_not_hold_stay_the_text_that_is_stored() {
        for (json, expected) in [
            ("9007199254740991", r#"{"v":9007199254740991}"#),
            ("-9007199254740991", r#"{"v":-9007199254740991}"#),
            ("9007199254740992", r#"{"v":"9007199254740992"}"#),
            ("[1, 2.50]", r#"{"v":"[1, 2.50]"}"#),
            ("[1, 2.5]", r#"{"v":"[1, 2.5]"}"#),
            (r#"{"b": [null, true], "a": -1}"#, r#"{"v":{"a":-1,"b":[null,true]}}"#),
        ] {
            assert_eq!(canonical(json), expected);
        }
    }

    proptest! {
        #[test]
        fn a_text_reads_back_as_it_was(text in any::<String>()) {
            let mut written = String::new();
            write_text(&mut written, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
