//! The places that a list names.

use std::collections::{HashMap, HashSet};

use chemistry::is_dash;

use super::{
    faults::OrReason,
    kinds::{KINDS, says_kind},
    place_columns::place_of,
    table::Table,
};
use crate::{
    base::text::{Name, is_hidden},
    catalogue::chemicals::is_placeholder,
    stock::locations::Kind,
};

/// A place as a file names it: `Main building > Room 214 > Cabinet 3`, or a location's code. A slash or a backslash
/// does as well as `>`; one that belongs to a name is written twice (`Freezer -20//-80`).
pub struct PlacePath {
    pub text: String,
    pub path: Vec<Part>,
    /// Whether a slash without spaces divides it, which may belong to a name.
    pub is_doubtful: bool,
}

/// A place in a path, with its kind where the list has a column for it.
#[derive(Clone)]
pub struct Part {
    pub name: Name,
    pub kind: Option<Kind>,
}

impl PlacePath {
    /// What several columns say.
    pub fn of(path: Vec<Part>) -> Self {
        let names: Vec<_> = path.iter().map(|part| part.name.as_str()).collect();
        Self { text: names.join(" > "), path, is_doubtful: false }
    }

    /// A place alone is of the kind that its column is for.
    pub fn of_kind(mut self, kind: usize) -> Self {
        if let [one] = &mut self.path[..] {
            one.kind = Some(KINDS[kind]);
        }
        self
    }

    pub fn parse(text: &str) -> OrReason<Self> {
        // Out of the way of the separators.
        const SLASH: &str = "\u{e000}";
        let kept = text.replace("//", SLASH);
        let separator = ['>', '\\', '/'].into_iter().find(|separator| kept.contains(*separator)).unwrap_or('/');
        let parts = kept.split(separator).map(|part| part.replace(SLASH, "/"));
        let path = parts.map(|part| part.parse()).collect::<std::result::Result<Vec<Name>, _>>();
        let path = path.map_err(|why| format!("location `{text}`: a part {why}"))?;
        if let Some(nothing) = path.iter().find(|name| is_placeholder(name.as_str())) {
            return Err(format!("location `{text}`: the part `{nothing}` names no place: write the others alone"));
        }
        let is_bare = kept.match_indices(separator).any(|(at, _)| {
            let (before, after) = (&kept[..at], &kept[at + separator.len_utf8()..]);
            !before.ends_with(' ') && !after.starts_with(' ')
        });
        let is_doubtful = separator == '/' && is_bare && !path.iter().all(says_kind);
        let path = path.into_iter().map(|name| Part { name, kind: None }).collect();
        Ok(Self { text: text.to_owned(), path, is_doubtful })
    }

    /// Both ways to write it.
    pub fn doubt(&self) -> String {
        let names: Vec<_> = self.path.iter().map(|part| part.name.as_str()).collect();
        format!(
            "location `{}` may be one name with a slash or a place in a place: write `{}` for the name, or `{}`",
            self.text,
            names.join("//"),
            names.join(" > ")
        )
    }
}

impl std::fmt::Display for PlacePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.path.iter().map(|part| part.name.as_str()).collect();
        f.write_str(&names.join(" > "))
    }
}

/// The paths of a list. A name alone means the place that the list has a path for, whichever of the two comes first.
#[derive(Default)]
pub struct ListedPaths(HashMap<String, Vec<Vec<Part>>>);

impl ListedPaths {
    pub fn of(table: &Table<'_>) -> anyhow::Result<Self> {
        let (mut paths, mut seen) = (HashMap::<_, Vec<_>>::new(), HashSet::new());
        for row in table.rows() {
            let row = row?;
            let Some(Ok(wanted)) = place_of(&row) else { continue };
            if wanted.is_doubtful {
                continue;
            }
            for end in 1..wanted.path.len() {
                let path = &wanted.path[..=end];
                if seen.insert(path.iter().map(|part| small(part.name.as_str())).collect::<Vec<_>>()) {
                    paths.entry(small(path[end].name.as_str())).or_default().push(path.to_vec());
                }
            }
        }
        Ok(Self(paths))
    }

    /// Those that say what the place of this name lies in.
    pub fn to(&self, name: &Name) -> impl Iterator<Item = &[Part]> {
        let own = small(name.as_str());
        let paths = self.0.get(&own).into_iter().flatten();
        paths.filter(move |path| small(path[0].name.as_str()) != own).map(Vec::as_slice)
    }
}

/// How names of places are compared: case, the kind and number of spaces, the kind of a hyphen, and what nobody sees do
/// not count.
pub fn small(name: &str) -> String {
    let seen = name.replace(is_hidden, "").replace(is_dash, "-");
    seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_spaces_the_kind_of_a_hyphen_and_what_nobody_sees() {
        for name in
            ["Cold-room  2", "cold\u{2011}room\u{a0}2", "COLD\u{fe58}ROOM 2", "\u{feff}Cold\u{2043}ro\u{ad}om 2 "]
        {
            assert_eq!(small(name), "cold-room 2", "{name:?}");
        }
        assert_ne!(small("Coldroom 2"), small("Cold-room 2"));
    }

    #[test]
    fn a_path_may_be_written_in_several_ways_and_a_slash_may_belong_to_a_name() {
        let path = |text: &str| PlacePath::parse(text).unwrap().to_string();
        for text in ["Lab 2.3 > Cupboard 1", "Lab 2.3>Cupboard 1", "Lab 2.3\\Cupboard 1", "Lab 2.3 / Cupboard 1"] {
            assert_eq!(path(text), "Lab 2.3 > Cupboard 1");
        }
        assert_eq!(path("Room 1 > Freezer -20/-80"), "Room 1 > Freezer -20/-80");
        assert_eq!(path("Freezer -20//-80"), "Freezer -20/-80");
        let doubtful = |text: &str| PlacePath::parse(text).unwrap().is_doubtful;
        assert!(doubtful("Freezer -20/-80") && doubtful("Acids/Bases cabinet") && doubtful("A/B"));
        assert!(
            !doubtful("Room 1/Cabinet 2/Shelf 3") && !doubtful("A / B") && !doubtful("A > B/C") && !doubtful("A//B")
        );
    }
}
