//! What kind of place a name of a path is.

use crate::{locations::Kind, text::Name};

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

/// A kind for each name of a path below `outer`: what the name says, else the next one inwards; always with a kind left
/// for each that follows. None when the path is too deep.
pub fn kinds(outer: Option<Kind>, names: &[Name]) -> Option<Vec<Kind>> {
    let mut outer = outer.and_then(|outer| KINDS.iter().position(|kind| *kind == outer));
    let mut kinds = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let first = outer.map_or(0, |outer| outer + 1);
        let last = KINDS.len().checked_sub(names.len() - at)?;
        if first > last {
            return None;
        }
        // A path that begins with nothing telling begins in a room, if the rest has room for that.
        let usual = if outer.is_none() { 1 } else { first };
        let kind = said(name).filter(|kind| *kind >= first).unwrap_or(usual).min(last);
        kinds.push(KINDS[kind]);
        outer = Some(kind);
    }
    Some(kinds)
}

pub fn said(name: &Name) -> Option<usize> {
    let name = name.as_str().to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphabetic());
    words.find_map(|word| WORDS.iter().position(|words| words.contains(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_of(outer: Option<Kind>, path: &str) -> Option<Vec<Kind>> {
        kinds(outer, &path.split('/').map(|name| name.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn kinds_follow_the_names_and_else_go_inwards() {
        use Kind::{Building, Cabinet, Room, Shelf};
        assert_eq!(kinds_of(None, "Building 4/Lab 2/Fridge/Shelf 1").unwrap(), [Building, Room, Cabinet, Shelf]);
        assert_eq!(kinds_of(None, "Lab 2.3/Cupboard 1").unwrap(), [Room, Cabinet]);
        assert_eq!(kinds_of(None, "214/A/3").unwrap(), [Room, Cabinet, Shelf]);
        assert_eq!(kinds_of(None, "B/214/A/3/x").unwrap(), KINDS);
        assert_eq!(kinds_of(Some(Room), "Shelf 2").unwrap(), [Shelf]);
        assert_eq!(kinds_of(Some(Cabinet), "Room in a cabinet").unwrap(), [Shelf]);
    }

    #[test]
    fn a_path_that_is_too_deep_has_no_kinds() {
        assert_eq!(kinds_of(Some(Kind::Box), "x"), None);
        assert_eq!(kinds_of(Some(Kind::Shelf), "x/y"), None);
        assert_eq!(kinds_of(None, "a/b/c/d/e/f"), None);
    }
}
