//! The places of a lab by code and by path, and those that an import adds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{faults::OrReason, store};
use crate::{chemistry::ContainerCode, error::Result, ids, secrets, text::Name};

/// From outside in: what lies in something is of a later kind.
const KINDS: [&str; 5] = ["building", "room", "cabinet", "shelf", "box"];

/// Words in a name that tell its kind.
const WORDS: [&[&str]; 5] = [
    &["building", "house", "site"],
    &["room", "lab", "laboratory", "store"],
    &["cabinet", "cupboard", "fridge", "refrigerator", "freezer", "hood", "locker"],
    &["shelf", "rack", "drawer"],
    &["box", "tray", "bin"],
];

/// A place as a file names it: `Main building > Room 214 > Cabinet 3`, or a location's code. A slash or a backslash does as
/// well as `>`; one that belongs to a name is written twice (`Freezer -20//-80`).
pub struct Wanted {
    text: String,
    path: Vec<Name>,
    /// Whether a slash without spaces divides it, which may belong to a name.
    is_doubtful: bool,
}

impl Wanted {
    pub fn parse(text: &str) -> OrReason<Self> {
        // Out of the way of the separators.
        const SLASH: &str = "\u{e000}";
        let kept = text.replace("//", SLASH);
        let separator = ['>', '\\', '/'].into_iter().find(|separator| kept.contains(*separator)).unwrap_or('/');
        let parts = kept.split(separator).map(|part| part.replace(SLASH, "/"));
        let path = parts.map(|part| part.parse()).collect::<std::result::Result<Vec<Name>, _>>();
        let path = path.map_err(|why| format!("location `{text}`: a part {why}"))?;
        let is_bare = kept.match_indices(separator).any(|(at, _)| {
            let (before, after) = (&kept[..at], &kept[at + separator.len_utf8()..]);
            !before.ends_with(' ') && !after.starts_with(' ')
        });
        let is_doubtful = separator == '/' && is_bare && !path.iter().all(|name| said(name).is_some());
        Ok(Self { text: text.to_owned(), path, is_doubtful })
    }

    /// Both ways to write it.
    fn doubt(&self) -> String {
        let names: Vec<_> = self.path.iter().map(Name::as_str).collect();
        format!(
            "location `{}` may be one name with a slash or a place in a place: write `{}` for the name, or `{}`",
            self.text,
            names.join("//"),
            names.join(" > ")
        )
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.path.iter().map(Name::as_str).collect();
        f.write_str(&names.join(" > "))
    }
}

pub struct Place {
    pub id: Uuid,
    pub parent_id: Option<Uuid>,
    pub kind: String,
    pub name: String,
    pub code: String,
}

#[derive(Default)]
pub struct Places {
    all: HashMap<Uuid, Place>,
    by_code: HashMap<String, Uuid>,
    /// By what our labels would show for a code that was typed in another way.
    by_canonical: HashMap<String, Uuid>,
    by_name: HashMap<String, Vec<Uuid>>,
    made: Vec<Uuid>,
    made_paths: Vec<String>,
}

/// As far as a path could be followed.
struct Followed<'w> {
    last: Option<Uuid>,
    missing: &'w [Name],
}

impl Places {
    pub async fn of_lab(db: &mut PgConnection, lab_id: Uuid) -> Result<Self> {
        let mut places = Self::default();
        for place in store::all_places(db, lab_id).await? {
            places.push(place);
        }
        Ok(places)
    }

    fn push(&mut self, place: Place) {
        self.by_code.insert(place.code.clone(), place.id);
        if let Ok(ours) = place.code.parse::<ContainerCode>() {
            self.by_canonical.entry(ours.to_string()).or_insert(place.id);
        }
        self.by_name.entry(place.name.to_lowercase()).or_default().push(place.id);
        self.all.insert(place.id, place);
    }

    /// Outer ones first, as they are to be inserted.
    pub fn made(&self) -> impl Iterator<Item = &Place> {
        self.made.iter().filter_map(|id| self.all.get(id))
    }

    pub fn into_made_paths(self) -> Vec<String> {
        self.made_paths
    }

    pub fn has_code(&self, code: &str) -> bool {
        self.by_code.contains_key(code)
    }

    pub fn find(&self, wanted: &Wanted) -> OrReason<Uuid> {
        let Followed { last, missing } = self.follow(wanted)?;
        match (missing, last) {
            ([], Some(id)) => Ok(id),
            (missing, last) => {
                let part = missing.first().map(Name::as_str).unwrap_or_default();
                let place = last.and_then(|id| self.all.get(&id)).map(|place| format!(" in `{}`", place.name));
                Err(format!(
                    "the lab has no location `{part}`{}: make it, or import with --create-locations",
                    place.unwrap_or_default()
                ))
            }
        }
    }

    pub fn find_or_make(&mut self, wanted: &Wanted, now: DateTime<Utc>) -> OrReason<Uuid> {
        let Followed { mut last, missing } = self.follow(wanted)?;
        if wanted.is_doubtful && !missing.is_empty() {
            return Err(wanted.doubt());
        }
        let outer = last.and_then(|id| self.all.get(&id));
        let kinds = kinds(outer.map(|place| place.kind.as_str()), missing).ok_or_else(|| {
            format!("location `{}`: from outside in there are {} at most", wanted.text, KINDS.join(", "))
        })?;
        if !missing.is_empty() {
            self.made_paths.push(wanted.to_string());
        }
        for (name, kind) in missing.iter().zip(kinds) {
            let id = ids::new(now);
            let code = ContainerCode::from_random(secrets::random()).to_string();
            self.push(Place { id, parent_id: last, kind: kind.to_owned(), name: name.to_string(), code });
            self.made.push(id);
            last = Some(id);
        }
        last.ok_or_else(|| "the location is empty".to_owned())
    }

    /// From a root; else from wherever the first name stands, when it stands only once.
    fn follow<'w>(&self, wanted: &'w Wanted) -> OrReason<Followed<'w>> {
        let alike = || {
            let ours = wanted.text.parse::<ContainerCode>().ok()?;
            self.by_code.get(ours.as_str()).or_else(|| self.by_canonical.get(ours.as_str()))
        };
        if let Some(id) = self.by_code.get(&wanted.text).or_else(alike) {
            return Ok(Followed { last: Some(*id), missing: &[] });
        }
        // One name with a slash, where there is such a place.
        if wanted.is_doubtful
            && let Some(id) = self.only_text(&wanted.text)
        {
            return Ok(Followed { last: Some(id), missing: &[] });
        }
        let mut last = None;
        for (at, name) in wanted.path.iter().enumerate() {
            let next = match self.child(last, name) {
                None if at == 0 => self.only(name)?,
                next => next,
            };
            if next.is_none() {
                return Ok(Followed { last, missing: &wanted.path[at..] });
            }
            last = next;
        }
        Ok(Followed { last, missing: &[] })
    }

    fn only_text(&self, text: &str) -> Option<Uuid> {
        match self.by_name.get(&text.trim().to_lowercase()).map(Vec::as_slice) {
            Some([one]) => Some(*one),
            _ => None,
        }
    }

    fn named(&self, name: &Name) -> &[Uuid] {
        self.by_name.get(&name.as_str().to_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }

    fn child(&self, parent: Option<Uuid>, name: &Name) -> Option<Uuid> {
        self.named(name).iter().copied().find(|id| self.all[id].parent_id == parent)
    }

    fn only(&self, name: &Name) -> OrReason<Option<Uuid>> {
        match self.named(name) {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => Err(format!("{} locations are called `{name}`: write the whole path", several.len())),
        }
    }
}

/// A kind for each name of a path below `outer`: what the name says, else the next one inwards; always with a kind left
/// for each that follows. None when the path is too deep.
fn kinds(outer: Option<&str>, names: &[Name]) -> Option<Vec<&'static str>> {
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

fn said(name: &Name) -> Option<usize> {
    let name = name.as_str().to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphabetic());
    words.find_map(|word| WORDS.iter().position(|words| words.contains(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_of(outer: Option<&str>, path: &str) -> Option<Vec<&'static str>> {
        kinds(outer, &Wanted::parse(path).unwrap().path)
    }

    #[test]
    fn kinds_follow_the_names_and_else_go_inwards() {
        assert_eq!(
            kinds_of(None, "Building 4/Lab 2/Fridge/Shelf 1").unwrap(),
            ["building", "room", "cabinet", "shelf"]
        );
        assert_eq!(kinds_of(None, "214/A/3").unwrap(), ["room", "cabinet", "shelf"]);
        assert_eq!(kinds_of(None, "B/214/A/3/x").unwrap(), KINDS);
        assert_eq!(kinds_of(Some("room"), "Shelf 2").unwrap(), ["shelf"]);
        assert_eq!(kinds_of(Some("cabinet"), "Room in a cabinet").unwrap(), ["shelf"]);
    }

    #[test]
    fn a_path_may_be_written_in_several_ways_and_a_slash_may_belong_to_a_name() {
        let path = |text: &str| Wanted::parse(text).unwrap().to_string();
        for text in ["Lab 2.3 > Cupboard 1", "Lab 2.3>Cupboard 1", "Lab 2.3\\Cupboard 1", "Lab 2.3 / Cupboard 1"] {
            assert_eq!(path(text), "Lab 2.3 > Cupboard 1");
        }
        assert_eq!(path("Room 1 > Freezer -20/-80"), "Room 1 > Freezer -20/-80");
        assert_eq!(path("Freezer -20//-80"), "Freezer -20/-80");
        let doubtful = |text: &str| Wanted::parse(text).unwrap().is_doubtful;
        assert!(doubtful("Freezer -20/-80") && doubtful("Acids/Bases cabinet") && doubtful("A/B"));
        assert!(
            !doubtful("Room 1/Cabinet 2/Shelf 3") && !doubtful("A / B") && !doubtful("A > B/C") && !doubtful("A//B")
        );
    }

    #[test]
    fn a_path_that_is_too_deep_has_no_kinds() {
        assert_eq!(kinds_of(Some("box"), "x"), None);
        assert_eq!(kinds_of(Some("shelf"), "x/y"), None);
        assert_eq!(kinds_of(None, "a/b/c/d/e/f"), None);
    }
}
