//! What holds for every operation, whichever there are: these tests walk the document and know no feature by name but
//! for the table in `preconditions`, which says what must be there before an operation can succeed.

mod benches;
mod deleted;
mod document;
mod enumerations;
mod failures;
mod fuzz;
mod generators;
mod hidden;
mod hostile;
mod hosts;
mod keys;
mod layers;
mod nulls;
mod own_ids;
mod preconditions;
mod proofs;
mod requests;
mod rights;
pub mod statements;
mod unchanged;
mod unseen;
mod values;
mod webhook;
pub mod world;

use axum::http::Method;
use chemstock::router;
use serde_json::Value;

/// The right that an operation asks for, as its `security` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// No token.
    Open,
    SignedIn,
    /// At least this role in the lab of the path; without a lab in the path, in any lab.
    Role(&'static str),
    /// The right to the catalogue that all labs share.
    Cataloguer,
    Owner,
}

pub const ROLES: [&str; 4] = ["viewer", "member", "manager", "admin"];

pub struct Operation {
    pub id: String,
    pub method: Method,
    /// With its variables in braces.
    pub path: String,
    pub spec: Value,
}

impl Operation {
    pub fn scope(&self) -> Scope {
        let schemes = self.spec["security"].as_array().unwrap_or_else(|| panic!("{}: no security stated", self.id));
        assert_eq!(schemes.len(), 1, "{}: one way to be let in", self.id);
        let Some(scopes) = schemes[0].get("bearer") else { return Scope::Open };
        match scopes.as_array().map(Vec::as_slice) {
            Some([]) => Scope::SignedIn,
            Some([scope]) if scope == "owner" => Scope::Owner,
            Some([scope]) if scope == "cataloguer" => Scope::Cataloguer,
            Some([scope]) => match ROLES.into_iter().find(|role| scope == *role) {
                Some(role) => Scope::Role(role),
                None => panic!("{}: {scope} is no role", self.id),
            },
            _ => panic!("{}: at most one scope", self.id),
        }
    }

    /// It is for the members of the lab in its path.
    pub fn in_lab(&self) -> bool {
        self.path.starts_with("/v1/labs/{lab_id}")
    }

    pub fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.spec["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter(|parameter| parameter["in"] == place).collect()
    }

    pub fn body(&self) -> Option<&Value> {
        self.spec.pointer("/requestBody/content/application~1json")
    }

    /// Of a body that is a file, its type and the one that the document shows.
    pub fn file(&self) -> Option<(&str, &str)> {
        let types = self.spec.pointer("/requestBody/content")?.as_object()?;
        let mut shown = types.iter().filter(|(kind, _)| *kind != "application/json");
        shown.find_map(|(kind, content)| Some((kind.as_str(), content["example"].as_str()?)))
    }

    /// Whether a repeat is told by its `Idempotency-Key`.
    pub fn takes_key(&self) -> bool {
        self.parameters("header").iter().any(|header| header["name"] == "Idempotency-Key")
    }
}

pub struct Api {
    pub document: Value,
    pub operations: Vec<Operation>,
}

impl Api {
    pub fn read() -> Self {
        let document = serde_json::to_value(router::document()).expect("a document");
        let paths = document["paths"].as_object().expect("paths").iter();
        let operations = paths.flat_map(|(path, item)| {
            item.as_object().expect("operations").iter().map(move |(method, spec)| Operation {
                id: spec["operationId"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{method} {path}: no operationId"))
                    .to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                spec: spec.clone(),
            })
        });
        Self { operations: operations.collect(), document }
    }

    /// What the reference leads to, if it is one.
    pub fn resolve<'a>(&'a self, it: &'a Value) -> &'a Value {
        let Some(reference) = it["$ref"].as_str() else { return it };
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        self.resolve(self.document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
    }

    /// The bodies that the docs propose: the operation's own examples, or else the one of its schema.
    pub fn examples(&self, operation: &Operation) -> Vec<Value> {
        if let Some((_, file)) = operation.file() {
            return vec![Value::from(file)];
        }
        let Some(body) = operation.body() else { return Vec::new() };
        let several = body["examples"].as_object().into_iter().flatten().map(|(_, example)| example["value"].clone());
        let own: Vec<_> = several.chain(body.get("example").cloned()).collect();
        if own.is_empty() { self.example_of(&body["schema"]).into_iter().collect() } else { own }
    }

    /// A schema's own example, or one made of its properties' if each has one.
    fn example_of(&self, schema: &Value) -> Option<Value> {
        let schema = self.resolve(schema);
        if let Some(example) = schema.get("example") {
            return Some(example.clone());
        }
        let properties = schema["properties"].as_object()?;
        properties.iter().map(|(name, property)| Some((name.clone(), self.example_of(property)?))).collect()
    }
}
