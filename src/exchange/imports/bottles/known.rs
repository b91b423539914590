//! A row beside the bottles that have its code, or came in under it.

use std::collections::HashMap;

use chemistry::{Quantity, canonical_code};

use super::{super::place_path::PlacePath, Chemical};
use crate::{
    base::text::Name,
    stock::containers::{
        self, Fingerprint,
        imported::{Content, Imported, Known},
    },
};

pub enum Verdict {
    /// The row is of a bottle that is there, with what should be looked at.
    There(Vec<String>),
    Refused(String),
    /// The bottle of this code was undone, and the row says something else.
    Anew(String),
}

/// By the canonical forms of the code that each has, and of the one under which it came in.
pub fn by_code<'k>(all: impl Iterator<Item = &'k Known>) -> HashMap<String, Vec<&'k Known>> {
    let mut known: HashMap<String, Vec<&Known>> = HashMap::new();
    for bottle in all {
        let own = Some(&bottle.code).filter(|_| !bottle.is_voided);
        for code in [own, bottle.imported_as.as_ref()].into_iter().flatten() {
            known.entry(canonical_code(code)).or_default().push(bottle);
        }
    }
    known
}

/// Of what the row says, before the lab and the catalogue are asked. 1000 mL is 1 L.
pub fn fingerprint(
    code: &str,
    chemical: &Chemical,
    amount: Quantity,
    location: Option<&PlacePath>,
    content: &Content,
) -> Fingerprint {
    let tare = content.tare.map(|tare| tare.get().normalize());
    let content = Content { tare: None, ..content.clone() };
    let numbers: Vec<_> = chemical.numbers().map(|(_, number)| number).collect();
    let numbers = Some(numbers.join(" ")).filter(|numbers| !numbers.is_empty());
    let plain = amount.value.get().checked_mul(amount.unit.to_base());
    let plain = plain.map_or((amount.value.get().normalize(), amount.unit.code().to_owned()), |base| {
        (base.normalize(), format!("{:?}", amount.unit.dimension()))
    });
    containers::fingerprint(&(
        (code, numbers.as_deref(), chemical.name.as_ref().map(Name::as_str)),
        (plain, location.map(PlacePath::to_string), tare, content),
    ))
}

/// When the row itself brought one of them: what should be looked at. One that is still there goes before one that was
/// undone.
pub fn brought_by(row: &Fingerprint, code: &str, known: &[&Known]) -> Option<Vec<String>> {
    let own = || known.iter().filter(|it| it.is_of(row));
    let same = own().find(|it| !it.is_voided).or_else(|| own().next())?;
    Some(changed(same, code).into_iter().collect())
}

/// By the values, where another row brought the bottle: a list that was saved in another way, or one written by a
/// person.
pub fn verdict(row: &Imported, known: &[&Known]) -> Verdict {
    let all: Vec<_> = known.iter().map(|it| (*it, it.differences(row))).collect();
    let same = |is_voided: bool| all.iter().find(|(it, other)| it.is_voided == is_voided && other.is_empty());
    if let Some((same, _)) = same(false).or_else(|| same(true)) {
        return Verdict::There(changed(same, &row.code).into_iter().collect());
    }
    let find = |is: &dyn Fn(&Known) -> bool| all.iter().find(|(it, _)| !it.is_voided && is(it));
    let exact = find(&|it| it.code == row.code);
    let (there, renamed) = (find(&|it| is_code(it, &row.code)), find(&|it| !is_code(it, &row.code)));
    match (exact.or(there), renamed, all.first()) {
        (Some((it, other)), ..) => {
            let spelled = if it.code == row.code { String::new() } else { format!(", spelled `{}`,", it.code) };
            Verdict::Refused(format!("the code exists{spelled} with other values ({})", other.join(", ")))
        }
        (None, Some((it, other)), _) => Verdict::Refused(format!(
            "the bottle that came in under this code has the code `{}` now, and other values ({}): give the row another code",
            it.code,
            other.join(", ")
        )),
        (None, None, undone) => Verdict::Anew(format!(
            "the bottle that came in under this code was undone; the row says something else now ({}), and brought a new one",
            undone.map(|(_, other)| other.join(", ")).unwrap_or_default()
        )),
    }
}

/// What a person has done to the bottle that its row does not know.
fn changed(bottle: &Known, code: &str) -> Option<String> {
    if bottle.is_voided {
        return Some(
            "the bottle of this row was imported and then undone, and stays so; --revive brings it back".to_owned(),
        );
    }
    if is_code(bottle, code) {
        let other = &bottle.code;
        return (other != code).then(|| format!("the bottle of this row has its code in another spelling, `{other}`"));
    }
    Some("the bottle of this row has another code by now".to_owned())
}

/// Whether it has the code now, however that is spelled.
pub fn has_code(bottle: &Known, code: &str) -> bool {
    !bottle.is_voided && is_code(bottle, code)
}

fn is_code(bottle: &Known, code: &str) -> bool {
    canonical_code(&bottle.code) == canonical_code(code)
}
