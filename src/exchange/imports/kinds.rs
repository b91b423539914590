//! What kind of place a name of a path is.

use super::place_path::Part;
use crate::{base::text::Name, stock::locations::Kind};

/// From outside in: what lies in something is of a later kind.
pub const KINDS: [Kind; 5] = [Kind::Building, Kind::Room, Kind::Cabinet, Kind::Shelf, Kind::Box];

/// Words in a name that tell its kind.
const WORDS: [&[&str]; 5] = [
    &["building", "house", "site"],
    &["room", "lab", "laboratory", "store"],
    &["cabinet", "cupboard", "fridge", "refrigerator", "freezer", "hood", "locker"],
    &["shelf", "rack", "drawer"],
    &["box", "tray", "bin"],
];

/// A kind for each part of a path below `outer`: the one that it tells, and for the others the next one inwards that
/// fits before those. None when they do not fit: the path is too deep, or tells another order.
pub fn kinds(outer: Option<Kind>, parts: &[Part]) -> Option<Vec<Kind>> {
    let mut outer = outer.and_then(|outer| KINDS.iter().position(|kind| *kind == outer));
    let mut kinds = Vec::with_capacity(parts.len());
    for (part, last) in parts.iter().zip(latest(parts)?) {
        let first = outer.map_or(0, |outer| outer + 1);
        // A path that begins with nothing telling begins in a room, if the rest has room for that.
        let usual = if outer.is_none() { 1 } else { first };
        let kind = told(part).unwrap_or_else(|| usual.min(last));
        if !(first..=last).contains(&kind) {
            return None;
        }
        kinds.push(KINDS[kind]);
        outer = Some(kind);
    }
    Some(kinds)
}

/// The last kind that each part may have, with one left for each that follows.
fn latest(parts: &[Part]) -> Option<Vec<usize>> {
    let (mut free, mut latest) = (KINDS.len(), Vec::with_capacity(parts.len()));
    for part in parts.iter().rev() {
        let last = free.checked_sub(1)?;
        free = told(part).map_or(last, |told| told.min(last));
        latest.push(free);
    }
    latest.reverse();
    Some(latest)
}

/// The kind that a name tells, or else its column; a name tells none where it has words of several (`Lab fridge`).
pub fn told(part: &Part) -> Option<usize> {
    let mut all = said(&part.name);
    let first = all.next().filter(|first| all.all(|kind| kind == *first));
    first.or_else(|| KINDS.iter().position(|kind| part.kind == Some(*kind)))
}

/// Whether a word of the name is one for a kind of place.
pub fn says_kind(name: &Name) -> bool {
    said(name).next().is_some()
}

/// `Lab 2` is a room: for each part that tells its kind.
pub fn telling(parts: &[Part]) -> impl Iterator<Item = (&Name, &'static str)> {
    parts.iter().filter_map(|part| Some((&part.name, KINDS[told(part)?].as_str())))
}

fn said(name: &Name) -> impl Iterator<Item = usize> {
    let name = name.as_str().to_lowercase();
    let of_word = |word: &str| WORDS.iter().position(|words| words.contains(&word));
    name.split(|c: char| !c.is_alphabetic()).filter_map(of_word).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_of(outer: Option<Kind>, path: &str) -> Option<Vec<Kind>> {
        let part = |name: &str| Part { name: name.parse().unwrap(), kind: None };
        kinds(outer, &path.split('/').map(part).collect::<Vec<_>>())
    }

    #[test]
    fn kinds_follow_the_names_and_else_go_inwards() {
        use Kind::{Building, Cabinet, Room, Shelf};
        assert_eq!(kinds_of(None, "Building 4/Lab 2/Fridge/Shelf 1").unwrap(), [Building, Room, Cabinet, Shelf]);
        assert_eq!(kinds_of(None, "Lab 2.3/Cupboard 1").unwrap(), [Room, Cabinet]);
        assert_eq!(kinds_of(None, "214/A/3").unwrap(), [Room, Cabinet, Shelf]);
        assert_eq!(kinds_of(None, "B/214/A/3/x").unwrap(), KINDS);
        assert_eq!(kinds_of(Some(Room), "Shelf 2").unwrap(), [Shelf]);
        assert_eq!(kinds_of(Some(Cabinet), "Fridge room").unwrap(), [Shelf], "of two kinds it tells none");
        assert_eq!(kinds_of(None, "Nord/Lab 2/Shelf 3").unwrap(), [Building, Room, Shelf]);
        assert_eq!(kinds_of(None, "Lab 2/Niche/Box 3").unwrap(), [Room, Cabinet, Kind::Box]);
        assert_eq!(kinds_of(Some(Building), "Wing/Shelf 1").unwrap(), [Room, Shelf]);
    }

    #[test]
    fn a_column_tells_the_kind_of_a_name_that_tells_none() {
        let part = |name: &str, kind: Kind| Part { name: name.parse().unwrap(), kind: Some(kind) };
        let path = [part("214", Kind::Room), part("3", Kind::Shelf)];
        assert_eq!(kinds(None, &path).unwrap(), [Kind::Room, Kind::Shelf]);
        assert_eq!(kinds(None, &[part("Shelf 3", Kind::Cabinet)]).unwrap(), [Kind::Shelf]);
    }

    #[test]
    fn a_path_that_is_too_deep_has_no_kinds() {
        assert_eq!(kinds_of(Some(Kind::Box), "x"), None);
        assert_eq!(kinds_of(Some(Kind::Shelf), "x/y"), None);
        assert_eq!(kinds_of(None, "a/b/c/d/e/f"), None);
    }

    #[test]
    fn a_path_whose_names_tell_another_order_has_no_kinds() {
        for (outer, path) in [
            (None, "Shelf 1/Lab 2"),
            (None, "West/Wing/Lab 2"),
            (None, "Lab 1/Lab 2"),
            (None, "Fridge 1/a/b/c"),
            (Some(Kind::Cabinet), "Lab 2"),
            (Some(Kind::Room), "x/Cupboard 1"),
        ] {
            assert_eq!(kinds_of(outer, path), None, "{path}");
        }
    }
}
