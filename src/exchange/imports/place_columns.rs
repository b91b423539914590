//! The place that a row names, in one column or in one for each kind of place: room, cabinet and shelf make one path.

use super::{
    faults::{OrReason, shortened},
    headers::Places,
    kinds::{KINDS, told},
    place_path::{Part, PlacePath, small},
    table::Row,
};
use crate::base::text::Text;

/// From outside in, as [`KINDS`].
pub const LEVELS: [&str; 5] = ["building", "room", "cabinet", "shelf", "box"];

/// `given` are the columns that a person has mapped. A number of a room counts where more is told of the place.
pub fn settle(places: &mut Places, given: &Places) {
    let number = places.remove("room number");
    let is_one_of_several = LEVELS.iter().any(|level| places.contains_key(level)) && !places.contains_key("room");
    places.extend(number.filter(|_| is_one_of_several).map(|number| ("room", number)));
    if given.contains_key("location") {
        places.retain(|column, _| !LEVELS.contains(column) || given.contains_key(column));
    }
}

/// Where the row says that its bottle is.
pub fn place_of(row: &Row) -> Option<OrReason<PlacePath>> {
    let levels = || LEVELS.iter().enumerate();
    let parts: Vec<_> = levels().filter_map(|(kind, level)| Some((kind, row.all(level).next()?))).collect();
    let are_several = levels().filter(|(_, level)| !row.places(level).is_empty()).count() > 1;
    let whole = row.all("location").next();
    let bounded = |text: &str| -> OrReason<()> {
        let bound: Result<Text<1100>, _> = text.parse();
        bound.map(drop).map_err(|why| format!("location `{}`: {why}", shortened(text)))
    };
    let all = whole.into_iter().chain(parts.iter().map(|(_, cell)| *cell));
    if let Err(why) = all.clone().try_for_each(|(_, text)| bounded(text)) {
        return Some(Err(why));
    }
    match (whole, &parts[..]) {
        (None, []) => None,
        (Some((_, text)), []) => Some(PlacePath::parse(text)),
        (None, [(kind, (_, text))]) if !are_several => Some(PlacePath::parse(text).map(|path| path.of_kind(*kind))),
        (None, parts) => Some(joined(parts)),
        (Some((header, text)), parts) => Some(PlacePath::parse(text).and_then(|path| {
            let names: Vec<_> = path.path.iter().map(|part| small(part.name.as_str())).collect();
            let more: Vec<_> = parts.iter().filter(|(_, (_, cell))| !names.contains(&small(cell))).copied().collect();
            if more.is_empty() {
                return Ok(path);
            }
            if let Some(whole) = beside(&path, &more) {
                return whole;
            }
            let cells: Vec<_> =
                all.map(|(header, cell)| format!("`{}` in `{}`", shortened(cell), shortened(header))).collect();
            Err(format!(
                "the place stands in several columns: {}: write the whole path into one of them, or say with --map \
                 which kind of place `{header}` is, such as --map cabinet={header}",
                cells.join(", ")
            ))
        })),
    }
}

/// `Cabinet 3` beside the room 214 is in it: what the location says of its kind lies within all that the other columns
/// say, or outside of it.
fn beside(path: &PlacePath, parts: &[(usize, (&str, &str))]) -> Option<OrReason<PlacePath>> {
    let (first, last) = path.path.first().and_then(told).zip(path.path.last().and_then(told))?;
    let is_within = parts.iter().all(|(kind, _)| *kind < first);
    if path.is_doubtful || !(is_within || parts.iter().all(|(kind, _)| *kind > last)) {
        return None;
    }
    Some(joined(parts).map(|levels| {
        let (outer, inner) = if is_within { (&levels, path) } else { (path, &levels) };
        PlacePath::of(outer.path.iter().chain(&inner.path).cloned().collect())
    }))
}

/// Each cell is one place, whatever slash is in it, unless it is a path itself.
fn joined(cells: &[(usize, (&str, &str))]) -> OrReason<PlacePath> {
    let mut path = Vec::new();
    for (kind, (_, cell)) in cells {
        if cell.contains(['>', '\\']) {
            path.extend(PlacePath::parse(cell)?.path);
        } else {
            let name = cell.replace("//", "/").parse().map_err(|why| format!("location `{cell}`: {why}"))?;
            path.push(Part { name, kind: Some(KINDS[*kind]) });
        }
    }
    Ok(PlacePath::of(path))
}
