//! Makes an example of each answer from the examples of its parts.

use serde_json::{Map, Value, json};
use utoipa::openapi::{
    Components, RefOr, Schema,
    path::Operation,
    schema::{ArrayItems, SchemaFormat, SchemaType, Type},
};

/// No answer is nested more deeply than this.
const DEEPEST: usize = 12;

pub(super) fn complete(operation: &mut Operation, components: &Components) {
    let successes = operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2'));
    for (_, response) in successes {
        let RefOr::T(response) = response else { continue };
        for (kind, content) in &mut response.content {
            let RefOr::T(content) = content else { continue };
            if content.example.is_some() || !content.examples.is_empty() {
                continue;
            }
            let example = content.schema.as_ref().and_then(|schema| of(schema, "", components, 0));
            content.example = match &**kind {
                "text/html" => Some(json!("<!doctype html><title>Not found</title>")),
                "text/plain" => Some(json!("http_server_request_duration_seconds_count{method=\"GET\"} 1")),
                _ => example,
            };
        }
    }
}

/// Examples are sorted by name, and the page shows the first one at the start.
pub(super) fn show_withdrawal_first(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        for (name, example) in &mut content.examples {
            if let RefOr::T(example) = example
                && example.summary.is_empty()
            {
                example.summary = name.replace('_', " ");
            }
        }
        if let Some(withdrawal) = content.examples.remove("withdraw") {
            content.examples.insert("1_withdraw".to_owned(), withdrawal);
        }
    }
}

fn of(schema: &RefOr<Schema>, name: &str, components: &Components, depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    match schema {
        RefOr::Ref(reference) => {
            let target = reference.ref_location.rsplit('/').next().and_then(|name| components.schemas.get(name));
            of(target?, name, components, depth + 1)
        }
        RefOr::T(Schema::Array(list)) => Some(list.example.clone().unwrap_or_else(|| {
            let item = match &list.items {
                ArrayItems::RefOrSchema(items) => of(items, name.trim_end_matches('s'), components, depth + 1),
                ArrayItems::False => None,
            };
            item.into_iter().collect()
        })),
        RefOr::T(Schema::Object(object)) => {
            if let Some(example) = object.example.clone().or_else(|| object.examples.first().cloned()) {
                return Some(example);
            }
            if let Some(first) = object.enum_values.as_ref().and_then(|values| values.first()) {
                return Some(first.clone());
            }
            if !object.properties.is_empty() {
                let properties = object.properties.iter();
                let example: Map<_, _> = properties
                    .filter_map(|(name, schema)| Some((name.clone(), of(schema, name, components, depth + 1)?)))
                    .collect();
                return Some(Value::Object(example));
            }
            plain(&object.schema_type, object.format.as_ref(), name)
        }
        RefOr::T(Schema::OneOf(choice)) => {
            choice.example.clone().or_else(|| choice.items.iter().find_map(|one| of(one, name, components, depth + 1)))
        }
        RefOr::T(Schema::AnyOf(choice)) => {
            choice.example.clone().or_else(|| choice.items.iter().find_map(|one| of(one, name, components, depth + 1)))
        }
        RefOr::T(Schema::AllOf(all)) => Some(all.example.clone().unwrap_or_else(|| {
            let parts = all.items.iter().filter_map(|one| of(one, name, components, depth + 1));
            parts.filter_map(|part| part.as_object().cloned()).flatten().collect::<Map<_, _>>().into()
        })),
        RefOr::T(_) => None,
    }
}

fn plain(kind: &SchemaType, format: Option<&SchemaFormat>, name: &str) -> Option<Value> {
    let kind = match kind {
        SchemaType::Type(kind) => kind,
        SchemaType::Array(kinds) => kinds.iter().find(|kind| **kind != Type::Null)?,
        SchemaType::AnyValue => return None,
    };
    let format = serde_json::to_value(format).unwrap_or_default();
    Some(match (kind, format.as_str().unwrap_or_default()) {
        (Type::String, "uuid") => json!("01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f"),
        (Type::String, "date") => json!("2028-12-31"),
        (Type::String, "date-time") => json!("2026-11-27T09:30:00Z"),
        (Type::String, _) => json!(text(name)),
        (Type::Integer | Type::Number, _) => json!(1),
        (Type::Boolean, _) => json!(false),
        (Type::Array, _) => json!([]),
        (Type::Object, _) => json!({}),
        (Type::Null, _) => Value::Null,
    })
}

fn text(name: &str) -> &str {
    match name {
        "name" | "title" => "Ethanol",
        "phone" => "+12025550123",
        "email" => "rosalind@example.org",
        "next_cursor" => "WyJFdGhhbm9sIl0",
        "lot" => "BCBZ1234",
        "supplier" => "Sigma-Aldrich",
        "catalogue_number" => "34998",
        "note" | "reason" => "for the HPLC only",
        "access_token" | "token" => "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl",
        "refresh_token" | "device_token" => "cnRfZXhhbXBsZV90b2tlbg",
        "gtin" => "04012345678901",
        "detail" => "is required",
        "pointer" => "/amount/value",
        "path" => "Main building",
        "delta" => "-12.5",
        "value" => "12.5",
        "code" => "7K3M9QXTD",
        "currency" => "USD",
        "country" => "US",
        _ => "text",
    }
}
