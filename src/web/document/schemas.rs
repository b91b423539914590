//! Adapts the schemas to the generators of clients: parts get names, each choice becomes one flat object, and defaults
//! that a client would send are dropped.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::openapi::{
    Array, Components, Content, ObjectBuilder, OpenApi, Ref, RefOr, Schema,
    extensions::Extensions,
    schema::{ArrayItems, Object, SchemaType, Type},
};

use crate::base::patch::KEPT;

/// Actions of a client that are not events of the ledger.
const OTHER_ACTIONS: [&str; 3] = ["create_chemical", "create_container", "list_containers"];

/// Answers whose empty properties are left out and never null.
const LOOSE: [&str; 7] = ["Changes", "CountedWith", "Health", "Jwk", "Problem", "ScanResult", "TokenPair"];
/// Single properties that are left out in the same way.
const LEFT_OUT: [(&str, &str); 4] =
    [("ChemicalRef", "catalogue_name"), ("Invitation", "code"), ("Member", "phone"), ("StockEvent", "undoable")];

pub(super) fn mend(document: &mut OpenApi) {
    let asked = named_in_requests(document);
    let Some(components) = &mut document.components else { return };
    let flat = flatten_choices(components);
    name_items_of_pages(components);
    name_actions(components);
    for (name, schema) in &mut components.schemas {
        let RefOr::T(schema) = schema else { continue };
        name_values(schema);
        let Schema::Object(object) = schema else { continue };
        for property in object.properties.values_mut() {
            drop_null_default(property);
        }
        if name.ends_with("Patch") {
            offer_to_clear(object);
        } else if !asked.contains(name) && !flat.contains(name) {
            say_what_is_always_there(name, object);
        }
    }
}

/// The schemas that occur in requests.
fn named_in_requests(document: &OpenApi) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Some(components) = &document.components else { return found };
    for item in document.paths.paths.values() {
        for operation in [&item.post, &item.patch, &item.put].into_iter().flatten() {
            if let Some(RefOr::T(body)) = &operation.request_body {
                for content in body.content.values() {
                    if let RefOr::T(Content { schema: Some(schema), .. }) = content {
                        collect(&serde_json::to_value(schema).unwrap_or_default(), components, &mut found);
                    }
                }
            }
        }
    }
    found
}

fn collect(schema: &Value, components: &Components, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str).and_then(|it| it.rsplit('/').next())
                && found.insert(name.to_owned())
                && let Some(schema) = components.schemas.get(name)
            {
                collect(&serde_json::to_value(schema).unwrap_or_default(), components, found);
            }
            object.values().for_each(|value| collect(value, components, found));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, components, found)),
        _ => {}
    }
}

/// Gives the items of a page the type of the single resource.
fn name_items_of_pages(components: &mut Components) {
    let mut items_of = BTreeMap::new();
    for (name, schema) in &mut components.schemas {
        let Some(item) = name.strip_prefix("Page_") else { continue };
        let RefOr::T(Schema::Object(page)) = schema else { continue };
        if let Some(RefOr::T(Schema::Array(Array { items: ArrayItems::RefOrSchema(items), .. }))) =
            page.properties.get_mut("items")
        {
            let named = RefOr::Ref(Ref::from_schema_name(item));
            items_of.insert(item.to_owned(), std::mem::replace(&mut **items, named));
        }
    }
    for (name, schema) in items_of {
        components.schemas.entry(name).or_insert(schema);
    }
}

/// Several generators make one class of the members of a choice, which requires everything that any member requires. So
/// a choice becomes one object: fields that all members have are required, and the description says which member has
/// what.
fn flatten_choices(components: &mut Components) -> BTreeSet<String> {
    let known = components.schemas.clone();
    let mut flat = BTreeSet::new();
    for (name, schema) in &mut components.schemas {
        let RefOr::T(Schema::OneOf(choice)) = schema else { continue };
        let variants: Option<Vec<Object>> = choice.items.iter().map(|item| as_object(item, &known)).collect();
        let tagged = variants.filter(|all| all.len() > 1 && all.iter().all(|one| tag(one).is_some()));
        let Some(variants) = tagged else { continue };
        let description = choice.description.clone();
        *schema = RefOr::T(Schema::Object(merged(description, &variants)));
        flat.insert(name.clone());
    }
    flat
}

fn as_object(schema: &RefOr<Schema>, known: &BTreeMap<String, RefOr<Schema>>) -> Option<Object> {
    match schema {
        RefOr::Ref(reference) => as_object(known.get(reference.ref_location.rsplit('/').next()?)?, known),
        RefOr::T(Schema::Object(object)) => Some(object.clone()),
        RefOr::T(Schema::AllOf(all)) => {
            let mut parts = all.items.iter().map(|part| as_object(part, known));
            let mut whole = parts.next()??;
            for part in parts {
                let part = part?;
                whole.properties.extend(part.properties);
                whole.required.extend(part.required);
            }
            whole.description = all.description.clone().or(whole.description);
            Some(whole)
        }
        RefOr::T(_) => None,
    }
}

fn tag(variant: &Object) -> Option<Value> {
    let RefOr::T(Schema::Object(tag)) = variant.properties.get("type")? else { return None };
    tag.enum_values.as_ref().filter(|values| values.len() == 1)?.first().cloned()
}

fn merged(description: Option<String>, variants: &[Object]) -> Object {
    let tags: Vec<_> = variants.iter().filter_map(tag).collect();
    let mut object = ObjectBuilder::new().build();
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(tags.clone())).build();
    object.properties.insert("type".to_owned(), RefOr::T(Schema::Object(kind)));
    object.required.push("type".to_owned());
    let mut lines = Vec::from_iter(description);
    for (variant, tag) in variants.iter().zip(&tags) {
        let others = variant.properties.iter().filter(|(name, _)| *name != "type");
        let names: Vec<_> = others.clone().map(|(name, _)| format!("`{name}`")).collect();
        let meaning = variant.description.as_deref().unwrap_or_default();
        lines.push(format!("- `{}`: {meaning} Has {}.", tag.as_str().unwrap_or_default(), names.join(", ")));
        for (name, schema) in others {
            object.properties.entry(name.clone()).or_insert_with(|| schema.clone());
        }
    }
    for name in object.properties.keys().filter(|name| *name != "type") {
        if variants.iter().all(|variant| variant.required.contains(name)) {
            object.required.push(name.clone());
        }
    }
    object.description = Some(lines.join("\n"));
    object
}

/// Gives `allowed_actions` a named type wherever it occurs.
fn name_actions(components: &mut Components) {
    let events = match components.schemas.get("EventType") {
        Some(RefOr::T(Schema::Object(events))) => events.enum_values.clone().unwrap_or_default(),
        _ => return,
    };
    // Nobody posts an edit: a PATCH books it.
    let events = events.into_iter().filter(|event| event != "edit");
    let actions = events.chain(OTHER_ACTIONS.map(Value::from));
    let action = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "What may be done with it now: an event to post, or the operation of that name. More may come.",
        ))
        .enum_values(Some(actions))
        .build();
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        if let Some(RefOr::T(Schema::Array(list))) = object.properties.get_mut("allowed_actions") {
            list.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name("Action"))));
        }
    }
    components.schemas.insert("Action".to_owned(), RefOr::T(Schema::Object(action)));
}

/// Adds names for values that are no names in any language, such as `[lb_av]` and `1`.
fn name_values(schema: &mut Schema) {
    let Schema::Object(object) = schema else { return };
    let values: Vec<_> = object.enum_values.iter().flatten().filter_map(Value::as_str).collect();
    let is_name =
        |value: &str| value.starts_with(|c: char| c.is_ascii_alphabetic()) && !value.contains(['[', '-', '.']);
    if values.iter().all(|value| is_name(value)) {
        return;
    }
    let names: Vec<_> = values
        .iter()
        .map(|value| if *value == "1" { "ONE".to_owned() } else { value.replace(['[', ']'], "").to_uppercase() })
        .collect();
    object.extensions.get_or_insert_default().merge(Extensions::from_iter([("x-enum-varnames", json!(names))]));
}

/// Drops a default of null: a client that sent it would clear fields that it does not name.
fn drop_null_default(property: &mut RefOr<Schema>) {
    let default = match property {
        RefOr::T(Schema::Object(object)) => &mut object.default,
        RefOr::T(Schema::OneOf(choice)) => &mut choice.default,
        RefOr::T(Schema::Array(list)) => &mut list.default,
        _ => return,
    };
    if *default == Some(Value::Null) {
        *default = None;
    }
}

fn is_nullable(schema: &RefOr<Schema>) -> bool {
    let has_null = |kind: &SchemaType| matches!(kind, SchemaType::Array(kinds) if kinds.contains(&Type::Null));
    match schema {
        RefOr::T(Schema::Object(object)) => {
            has_null(&object.schema_type) || object.schema_type == SchemaType::Type(Type::Null)
        }
        RefOr::T(Schema::Array(list)) => has_null(&list.schema_type),
        RefOr::T(Schema::OneOf(choice)) => choice.items.iter().any(is_nullable),
        _ => false,
    }
}

/// Adds the list `clear`, for languages that cannot tell null from absent.
fn offer_to_clear(object: &mut Object) {
    for (_, property) in object.properties.iter_mut().filter(|(name, _)| KEPT.contains(&&***name)) {
        never_null(property);
    }
    let nullable = object.properties.iter().filter(|(_, schema)| is_nullable(schema));
    let names: Vec<_> = nullable.map(|(name, _)| json!(name)).collect();
    if names.is_empty() {
        return;
    }
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
    let mut list = Array::new(Schema::Object(name.build()));
    list.description =
        Some("Fields to clear, for clients that cannot send null. One that is named here is not sent.".to_owned());
    object.properties.insert("clear".to_owned(), RefOr::T(Schema::Array(list)));
}

/// A property that can be null is always there; a property that can be absent is never null.
fn say_what_is_always_there(schema: &str, object: &mut Object) {
    for (name, property) in &mut object.properties {
        if object.required.contains(name) || !is_nullable(property) {
            continue;
        }
        let is_left_out = LEFT_OUT.contains(&(schema, name)) || LOOSE.contains(&schema);
        if is_left_out {
            never_null(property);
        } else {
            object.required.push(name.clone());
        }
    }
}

fn never_null(property: &mut RefOr<Schema>) {
    let simpler = |kind: &mut SchemaType| {
        if let SchemaType::Array(kinds) = kind {
            kinds.retain(|kind| *kind != Type::Null);
            if let [only] = &kinds[..] {
                *kind = SchemaType::Type(only.clone());
            }
        }
    };
    match property {
        RefOr::T(Schema::Object(object)) => simpler(&mut object.schema_type),
        RefOr::T(Schema::Array(list)) => simpler(&mut list.schema_type),
        RefOr::T(Schema::OneOf(choice)) => {
            choice.items.retain(|item| !is_nullable(item));
            if choice.items.len() == 1 {
                *property = choice.items.remove(0);
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}
