//! One name space of codes for the bottles and places of a lab: the table `codes`. A bottle is written together with
//! its row there (`containers::store`), places and changes of a code by triggers of the migration.

use chemistry::canonical_code;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    auth::{Auth, InLab},
    base::error::{Error, Reason, Rejection, Result},
};

mod code;
mod store;

pub use self::code::Code;

/// The violation of it is [`taken`].
pub const UNIQUE: &str = "codes_pkey";

pub fn taken() -> Error {
    Reason::CodeTaken.because("another container or location of the lab has this code")
}

/// Names what has the code, where the refusal is that it is taken; nothing of what the caller may not see.
pub async fn named<T, R: InLab>(by: &Auth<R>, code: &str, done: Result<T>) -> Result<T> {
    match done {
        Err(Error::Rejected(Rejection { reason: Reason::CodeTaken, .. })) => {
            let db = &mut *by.app().lookups().await?;
            Err(find_taken(db, by.lab_id(), code, by.keys().unseen()).await?)
        }
        done => done,
    }
}

async fn find_taken(db: &mut PgConnection, lab_id: Uuid, code: &str, unseen: &[Uuid]) -> Result<Error> {
    // It may have been given back meanwhile.
    let Some(there) = store::find(db, lab_id, &canonical_code(code), unseen).await? else { return Ok(taken()) };
    let what = if there.is_location { "location" } else { "container" };
    Ok(Reason::CodeTaken.because(if there.code == code {
        format!("a {what} of the lab has this code")
    } else {
        let other = there.code;
        format!(
            "a {what} of the lab has the code `{other}`: codes that differ in case, spaces and hyphens alone are one"
        )
    }))
}

/// What has the code of a label: exactly as it is printed, else the only one that is the same in canonical form.
/// The earlier text counts first.
pub fn choose<T>(texts: &[&str], mut found: Vec<T>, code_of: impl Fn(&T) -> &str) -> Result<Option<T>> {
    if let Some(exact) = texts.iter().find_map(|text| found.iter().position(|it| code_of(it) == *text)) {
        return Ok(Some(found.swap_remove(exact)));
    }
    for canonical in texts.iter().map(|text| canonical_code(text)) {
        let alike: Vec<_> = (0..found.len()).filter(|at| canonical_code(code_of(&found[*at])) == canonical).collect();
        match alike[..] {
            [] => {}
            [one] => return Ok(Some(found.swap_remove(one))),
            _ => {
                let mut codes: Vec<_> = alike.iter().map(|at| format!("`{}`", code_of(&found[*at]))).collect();
                codes.sort_unstable();
                let detail = format!("may be {}: send one of them exactly as it is printed", codes.join(" or "));
                return Err(Error::field("/code", detail));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(texts: &[&str], codes: &[&'static str]) -> Option<&'static str> {
        choose(texts, codes.to_vec(), |code| *code).unwrap()
    }

    #[test]
    fn the_code_as_printed_comes_before_its_other_spellings_and_the_earlier_text_before_the_later() {
        assert_eq!(chosen(&["b-1"], &["B-1", "b-1"]), Some("b-1"));
        assert_eq!(chosen(&["x", "B 1"], &["b-1"]), Some("b-1"));
        assert_eq!(chosen(&["]C1b-1", "B-1", "7"], &["7", "B-1"]), Some("B-1"));
        assert_eq!(chosen(&["b-2", "B-1"], &["B-2", "B-1"]), Some("B-1"), "exactly, before the spelling of another");
        assert_eq!(chosen(&["z"], &["B-1"]), None);
    }

    #[test]
    fn a_spelling_that_two_old_codes_share_is_refused_with_both() {
        let Err(Error::Invalid(fields)) = choose(&["B1"], vec!["b-1", "B 1"], |code| *code) else { panic!("chosen") };
        assert_eq!(fields[0].detail, "may be `B 1` or `b-1`: send one of them exactly as it is printed");
    }
}
