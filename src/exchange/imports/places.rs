//! The places of a lab by code and by path, and those that an import adds.

use std::collections::{HashMap, HashSet};

use chemistry::{ContainerCode, canonical_code};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    faults::OrReason,
    kinds::{KINDS, kinds, telling},
    place_path::{ListedPaths, Part, PlacePath, small},
};
use crate::{
    auth::Keys,
    base::{error::Result, ids, secrets, text::Name},
    stock::locations::{self, OpenPlace},
};

/// What is said of a code that something has which whoever imports may not see.
pub const TAKEN: &str = "another container or location of the lab has this code";

pub struct Places<'l> {
    all: HashMap<Uuid, OpenPlace>,
    by_code: HashMap<String, Uuid>,
    /// By the form in which codes are compared; none where several old codes have it.
    by_canonical: HashMap<String, Option<Uuid>>,
    by_name: HashMap<String, Vec<Uuid>>,
    /// Empty where no place is made.
    listed: &'l ListedPaths,
    /// Those of whoever has it imported: what they may not see is not there.
    keys: &'l Keys,
    /// In canonical form, of the places that are not there for them.
    unseen_codes: HashSet<String>,
    made: Vec<Uuid>,
    made_paths: Vec<String>,
}

/// As far as a path could be followed.
struct Followed {
    last: Option<Uuid>,
    missing: Vec<Part>,
}

impl Followed {
    fn found(id: Uuid) -> Self {
        Self { last: Some(id), missing: Vec::new() }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.last == other.last && {
            let names = |it: &Self| it.missing.iter().map(|part| small(part.name.as_str())).collect::<Vec<_>>();
            names(self) == names(other)
        }
    }
}

impl<'l> Places<'l> {
    pub async fn of_lab(db: &mut PgConnection, lab_id: Uuid, listed: &'l ListedPaths, keys: &'l Keys) -> Result<Self> {
        let mut places = Self {
            all: HashMap::new(),
            by_code: HashMap::new(),
            by_canonical: HashMap::new(),
            by_name: HashMap::new(),
            listed,
            keys,
            unseen_codes: HashSet::new(),
            made: Vec::new(),
            made_paths: Vec::new(),
        };
        for place in locations::all_open(db, lab_id).await? {
            if keys.sees(Some(place.id)) {
                places.push(place);
            } else {
                places.unseen_codes.insert(canonical_code(&place.code));
            }
        }
        Ok(places)
    }

    fn push(&mut self, place: OpenPlace) {
        self.by_code.insert(place.code.clone(), place.id);
        let alike = self.by_canonical.entry(canonical_code(&place.code));
        alike.and_modify(|known| *known = None).or_insert(Some(place.id));
        self.by_name.entry(small(&place.name)).or_default().push(place.id);
        self.all.insert(place.id, place);
    }

    /// Outer ones first, as they are to be inserted.
    pub fn made(&self) -> impl Iterator<Item = &OpenPlace> {
        self.made.iter().filter_map(|id| self.all.get(id))
    }

    pub fn into_made_paths(self) -> Vec<String> {
        self.made_paths
    }

    /// Why no bottle can have the code, also in another spelling: a place has it.
    pub fn check_code(&self, code: &str) -> OrReason<()> {
        let code = canonical_code(code);
        if self.unseen_codes.contains(&code) {
            return Err(TAKEN.to_owned());
        }
        if self.by_canonical.contains_key(&code) {
            Err("a location of the lab has this code".to_owned())
        } else {
            Ok(())
        }
    }

    /// Whether something may be put there.
    pub fn check_opens(&self, place: Option<Uuid>) -> OrReason<()> {
        if self.keys.opens(place) {
            return Ok(());
        }
        let name = place.and_then(|id| self.all.get(&id)).map(|place| place.name.as_str()).unwrap_or_default();
        Err(format!("the location `{name}` is closed to you: ask who has its key"))
    }

    pub fn find(&self, wanted: &PlacePath) -> OrReason<Uuid> {
        let Followed { last, missing } = self.follow(wanted)?;
        match (missing.first(), last) {
            (None, Some(id)) => Ok(id),
            (part, last) => {
                let part = part.map(|part| part.name.as_str()).unwrap_or_default();
                let place = last.and_then(|id| self.all.get(&id)).map(|place| format!(" in `{}`", place.name));
                Err(format!(
                    "the lab has no location `{part}`{}: make it, or import with --create-locations",
                    place.unwrap_or_default()
                ))
            }
        }
    }

    pub fn find_or_make(&mut self, wanted: &PlacePath, now: DateTime<Utc>) -> OrReason<Uuid> {
        let Followed { mut last, missing } = self.follow(wanted)?;
        if wanted.is_doubtful && !missing.is_empty() {
            return Err(wanted.doubt());
        }
        self.check_opens(last)?;
        let outer = last.and_then(|id| self.all.get(&id));
        let kinds =
            kinds(outer.map(|place| place.kind), &missing).ok_or_else(|| does_not_fit(wanted, outer, &missing))?;
        for (Part { name, .. }, kind) in missing.iter().zip(kinds) {
            let id = ids::new(now);
            let code = ContainerCode::from_random(secrets::random()).to_string();
            self.push(OpenPlace { id, parent_id: last, kind, name: name.to_string(), code });
            self.made.push(id);
            last = Some(id);
        }
        let id = last.ok_or_else(|| "the location is empty".to_owned())?;
        if !missing.is_empty() {
            self.made_paths.push(self.path(id));
        }
        Ok(id)
    }

    fn path(&self, id: Uuid) -> String {
        let outwards = std::iter::successors(self.all.get(&id), |place| self.all.get(&place.parent_id?));
        let mut names: Vec<_> = outwards.map(|place| place.name.as_str()).collect();
        names.reverse();
        names.join(" > ")
    }

    fn follow(&self, wanted: &PlacePath) -> OrReason<Followed> {
        let alike = || self.by_canonical.get(&canonical_code(&wanted.text)).copied().flatten();
        if let Some(id) = self.by_code.get(&wanted.text).copied().or_else(alike) {
            return self.unless_name(wanted, id);
        }
        // One name with a slash, where there is such a place.
        if wanted.is_doubtful
            && let Some(id) = self.only_text(&wanted.text)
        {
            return Ok(Followed::found(id));
        }
        self.descend(&wanted.path, 0)
    }

    /// The place of a code, unless the same text is the name of another.
    fn unless_name(&self, wanted: &PlacePath, id: Uuid) -> OrReason<Followed> {
        let named = self.named(&wanted.text).iter().copied().find(|named| *named != id);
        let other = match self.descend(&wanted.path, 0) {
            Ok(Followed { last: Some(other), missing }) if missing.is_empty() && other != id => Some(other),
            _ => named,
        };
        let Some(other) = other else { return Ok(Followed::found(id)) };
        Err(format!(
            "location `{}` is the code of `{}`, and the name of `{}`, which has the code `{}`: write the path of the first, or \
             the code of the second",
            wanted.text,
            self.path(id),
            self.path(other),
            self.all[&other].code
        ))
    }

    /// From a root; else from wherever the first name stands, in the lab or in a path of the list, when that is only
    /// one place.
    fn descend(&self, path: &[Part], depth: usize) -> OrReason<Followed> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(Followed { last: None, missing: Vec::new() });
        };
        let root = self.child(None, &first.name)?;
        let mut followed = root.map_or_else(|| self.only(first, depth), |id| Ok(Followed::found(id)))?;
        for part in rest {
            let next = if followed.missing.is_empty() { self.child(followed.last, &part.name)? } else { None };
            match next {
                Some(id) => followed.last = Some(id),
                None => followed.missing.push(part.clone()),
            }
        }
        Ok(followed)
    }

    fn only(&self, part: &Part, depth: usize) -> OrReason<Followed> {
        let name = &part.name;
        let mut found: Vec<_> = self.named(name.as_str()).iter().copied().map(Followed::found).collect();
        for path in self.listed.to(name) {
            // No place lies that deep: the list says of two places that each lies in the other.
            if depth == KINDS.len() {
                return Err(format!("the list has `{name}` in itself: write the whole path"));
            }
            let way = self.descend(path, depth + 1)?;
            // One that no place can have says nothing of this row.
            let outer = way.last.and_then(|id| self.all.get(&id)).map(|place| place.kind);
            if kinds(outer, &way.missing).is_some() && !found.iter().any(|other| other.is_same(&way)) {
                found.push(way);
            }
        }
        match found.len() {
            0 => Ok(Followed { last: None, missing: vec![part.clone()] }),
            1 => Ok(found.remove(0)),
            several => Err(format!("{several} locations are called `{name}`: write the whole path")),
        }
    }

    fn only_text(&self, text: &str) -> Option<Uuid> {
        match self.by_name.get(&small(text)).map(Vec::as_slice) {
            Some([one]) => Some(*one),
            _ => None,
        }
    }

    fn named(&self, name: &str) -> &[Uuid] {
        self.by_name.get(&small(name)).map(Vec::as_slice).unwrap_or_default()
    }

    fn child(&self, parent: Option<Uuid>, name: &Name) -> OrReason<Option<Uuid>> {
        let all = self.named(name.as_str()).iter().map(|id| &self.all[id]).filter(|place| place.parent_id == parent);
        let all: Vec<_> = all.collect();
        // Two that differ in their spaces alone were made by a person.
        let is_as_written = |place: &&&OpenPlace| place.name.to_lowercase() == name.as_str().to_lowercase();
        match all[..] {
            [] => Ok(None),
            [one] => Ok(Some(one.id)),
            _ => match all.iter().find(is_as_written) {
                Some(one) => Ok(Some(one.id)),
                None => {
                    Err(format!("{} locations are called `{name}`: write the code of the one that is meant", all.len()))
                }
            },
        }
    }
}

fn does_not_fit(wanted: &PlacePath, outer: Option<&OpenPlace>, missing: &[Part]) -> String {
    let outer = outer.map(|place| (place.name.as_str(), place.kind.as_str()));
    let known = outer.into_iter().chain(telling(missing).map(|(name, kind)| (name.as_str(), kind)));
    let known: Vec<_> = known.map(|(name, kind)| format!("`{name}` is a {kind}")).collect();
    format!(
        "location `{}`: from outside in there are {} at most{}{}",
        wanted.text,
        KINDS.map(locations::Kind::as_str).join(", "),
        if known.is_empty() { "" } else { "; " },
        known.join(", ")
    )
}
