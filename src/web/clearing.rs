//! Reads the body of a PATCH: null is refused where there is always a value, and `clear` lists fields to be set to null,
//! for clients that cannot send null.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{catalogue::general, problem::Problem, reading::parse};
use crate::base::{error::Field, patch::KEPT};

pub(super) fn parse_patch<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let has = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
    let members = (has(CLEAR) || has(NULL)).then(|| serde_json::from_slice::<Members>(body).ok()).flatten();
    let Some(mut members) = members else { return parse(body) };
    let mut wrong = members.nulls();
    let cleared: Vec<_> = members.0.extract_if(.., |(name, _)| name == "clear").collect();
    let names = match &cleared[..] {
        [] => return with(parse(body), wrong),
        [(_, names)] => serde_json::from_str::<Vec<String>>(names.get()).ok(),
        _ => return with(parse(&members.text(&[])), vec![Field::new("/clear", "stands there twice")]),
    };
    let Some(names) = names else {
        return refuse(vec![Field::new("/clear", "must be a list of names of fields")]);
    };
    let mut to_clear: Vec<&str> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let pointer = format!("/clear/{index}");
        if KEPT.contains(&&**name) {
            wrong.push(Field::new(pointer, "always has a value, and cannot be cleared"));
        } else if members.has(name) || to_clear.contains(&&**name) {
            wrong.push(Field::new(pointer, "is sent, or named twice: set it or clear it"));
        } else {
            to_clear.push(name);
        }
    }
    let parsed = parse::<T>(&members.text(&to_clear)).map_err(|mut problem| {
        for field in &mut problem.errors {
            if let Some(index) = names.iter().position(|name| field.pointer == format!("/{name}"))
                && to_clear.contains(&&*names[index])
            {
                *field = Field::new(format!("/clear/{index}"), "is no field that can be cleared");
            }
        }
        problem
    });
    with(parsed, wrong)
}

const CLEAR: &[u8] = b"\"clear\"";
const NULL: &[u8] = b"null";

/// Everything that is wrong, each field once.
fn with<T>(parsed: Result<T, Problem>, wrong: Vec<Field>) -> Result<T, Problem> {
    match parsed {
        Err(mut problem) => {
            let is_new = |field: &Field| !problem.errors.iter().any(|known| known.pointer == field.pointer);
            let wrong: Vec<_> = wrong.into_iter().filter(is_new).collect();
            problem.errors.extend(wrong);
            Err(problem)
        }
        Ok(_) if !wrong.is_empty() => refuse(wrong),
        parsed => parsed,
    }
}

fn refuse<T>(fields: Vec<Field>) -> Result<T, Problem> {
    Err(Problem::new(general::INVALID).errors(fields))
}

/// The members of an object in their order, with a name that stands there twice in both places, so that whoever reads
/// them afterwards sees it.
struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The fields that are null and cannot be.
    fn nulls(&self) -> Vec<Field> {
        let nulls = self.0.iter().filter(|(name, value)| value.get() == "null" && KEPT.contains(&name.as_str()));
        let detail = "always has a value, and cannot be null: leave it out, and it stays as it is";
        nulls.map(|(name, _)| Field::new(format!("/{name}"), detail)).collect()
    }

    /// The object again, and these members with null.
    fn text(&self, nulls: &[&str]) -> Vec<u8> {
        let quoted = |name: &str| serde_json::Value::from(name).to_string();
        let sent = self.0.iter().map(|(name, value)| format!("{}:{}", quoted(name), value.get()));
        let nulls = nulls.iter().map(|name| format!("{}:null", quoted(name)));
        format!("{{{}}}", sent.chain(nulls).collect::<Vec<_>>().join(",")).into_bytes()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{
        patch::{self, Change},
        text::Name,
    };

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Patch {
        #[expect(dead_code, reason = "only what is refused counts")]
        name: Option<Name>,
        #[serde(default, deserialize_with = "patch::change")]
        note: Change<String>,
        #[serde(default, deserialize_with = "patch::change")]
        lot: Change<String>,
    }

    fn pointers(body: &str) -> Vec<String> {
        let problem = parse_patch::<Patch>(body.as_bytes()).expect_err(body);
        problem.errors.into_iter().map(|field| field.pointer).collect()
    }

    #[test]
    fn a_name_that_stands_there_twice_is_refused_beside_clear_as_without_it() {
        assert_eq!(pointers(r#"{"lot": "1", "lot": "2"}"#), ["/lot"]);
        assert_eq!(pointers(r#"{"clear": ["note"], "lot": "1", "lot": "2"}"#), ["/lot"]);
        assert_eq!(pointers(r#"{"clear": ["note"], "lot": null, "lot": "2"}"#), ["/lot"]);
        assert_eq!(pointers(r#"{"clear": ["note"], "clear": ["lot"]}"#), ["/clear"]);
    }

    #[test]
    fn what_is_cleared_is_null_and_what_is_sent_stays() {
        let patch = parse_patch::<Patch>(br#"{"clear": ["note"], "lot": "1"}"#).unwrap();
        assert_eq!((patch.note, patch.lot), (Some(None), Some(Some("1".to_owned()))));
        assert_eq!(pointers(r#"{"clear": ["note", "note"]}"#), ["/clear/1"]);
        assert_eq!(pointers(r#"{"clear": ["more", "name"], "name": null}"#), ["/clear/0", "/name", "/clear/1"]);
    }
}
