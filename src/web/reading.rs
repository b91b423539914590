//! Reads the bytes of a body as a value, or says everything that is wrong with them.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    catalogue::general,
    faults::{Fault, all_faults, attempt},
    problem::Problem,
    sentence,
};
use crate::base::error::Field;

/// A body that is not JSON is 400; JSON that is not what the operation takes is 422. Both say where.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let fault = Fault::of(error.path(), &error.inner().to_string());
        match serde_json::from_slice(body) {
            // A list, which serde took for an object and stopped in its middle.
            Ok(Value::Array(_)) if !error.inner().is_data() => {
                Problem::new(general::INVALID).errors(vec![Field::new("", sentence::NO_OBJECT)])
            }
            // serde_json calls some values of a wrong type a fault of syntax, such as null instead of a name.
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
    // serde takes a list of values for an object with its fields in that order. Few bodies have a list at all.
    if body.contains(&b'[')
        && let Err(fault) = serde_json::from_slice(body).map_or(Ok(()), |value| attempt::<T>(&value))
    {
        return Err(Problem::new(general::INVALID).errors(all_faults::<T>(body, fault)));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use chemistry::Quantity;
    use serde::Deserialize;

    use super::*;
    use crate::base::{language::Language, phone::Phone, text::Name};

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
