//! Names in which the case of a letter makes another real substance: as a locant of an atom (N-, O-, S-) it is one
//! thing, and in lower case another (normal, ortho, secondary); D- and L- are a configuration, and d- and l- turn
//! light.

use chemistry::Formula;

/// Alkyl groups that are normal (n-) or at a nitrogen (N-).
const CHAINS: &[&str] = &[
    "propyl",
    "butyl",
    "pentyl",
    "amyl",
    "hexyl",
    "heptyl",
    "octyl",
    "nonyl",
    "decyl",
    "undecyl",
    "dodecyl",
    "lauryl",
    "tetradecyl",
    "hexadecyl",
    "cetyl",
    "octadecyl",
];
/// What follows them where nothing else holds nitrogen: `n-butylamine` is the one, however it is written.
const PLAIN: &[&str] = &["amine", "amin", "ammonium", "isocyanate", "cyanide"];
/// Parts of names with nitrogen.
const NITROGEN: &[&str] = &[
    "amin", "amid", "anilin", "imid", "pyrrol", "pyrid", "pip", "morphol", "indol", "carbazol", "carbamat", "urea",
    "guanid", "hydraz", "toluid", "glycin", "alanin", "leucin", "valin", "sarcosin", "betain", "azin", "azol", "aza",
    "imin", "lactam", "ammonium", "nitroso",
];

/// Alkyl groups that are secondary (s-) or at a sulfur (S-).
const SECONDARY: &[&str] = &["butyl", "pentyl", "amyl", "hexyl", "heptyl", "octyl"];
/// Parts of names with sulfur that holds a group.
const SULFUR: &[&str] = &["thio", "cystein", "methionin", "xanthat", "sulfid", "sulfonium", "sulfoxim", "mercapt"];

/// Groups that stand beside another at a ring (o-) or at an oxygen (O-).
const GROUPS: &[&str] =
    &["methyl", "ethyl", "propyl", "isopropyl", "butyl", "allyl", "benzyl", "phenyl", "tolyl", "acetyl", "benzoyl"];
/// Parts of names with a ring that has such a place.
const RINGS: &[&str] = &["benz", "phen", "tolu", "anis", "anilin", "tyrosin", "salicyl", "naphth", "pyrid", "cinnam"];
/// Parts of names with oxygen that holds a group, and a locant for it.
const OXYGEN: &[&str] =
    &["oxim", "hydroxam", "hydroxylamin", "tyrosin", "thiocarb", "thiobenzo", "phosph", "carbam", "urea"];

/// Acids whose old names turn light (d-tartaric acid is L-tartaric acid), and their salts.
const TURNING: &[&str] =
    &["tartar", "tartrate", "lactic", "lactate", "malic", "malate", "mandel", "glyceric", "glycerate"];

/// Whether the case of a letter makes another real substance of the name: of `n-butylaniline`, and neither of
/// `n-hexane`, nor of `n-methylaniline`, as a methyl group is never a normal chain.
pub fn has_two_meanings(name: &str, formula: Option<&Formula>) -> bool {
    let name = super::called::caseless(name);
    let has = |element, parts: &[&str], rest: &str| {
        formula.map_or_else(|| parts.iter().any(|part| rest.contains(part)), |formula| formula.has(element))
    };
    let at_nitrogen =
        |rest: &str| behind(CHAINS, rest).is_some_and(|rest| !PLAIN.contains(&rest) && has("N", NITROGEN, rest));
    let at_sulfur = |rest: &str| behind(SECONDARY, rest).is_some_and(|rest| has("S", SULFUR, rest));
    let at_oxygen = |rest: &str| {
        let part_of = |parts: &[&str], rest: &str| parts.iter().any(|part| rest.contains(part));
        behind(GROUPS, rest).is_some_and(|rest| part_of(RINGS, rest) && part_of(OXYGEN, rest))
    };
    locants(&name, "n-").any(at_nitrogen)
        || locants(&name, "s-").any(at_sulfur)
        || locants(&name, "o-").any(at_oxygen)
        || is_configuration(&name)
}

/// Whether the case of a D- or L- does.
pub fn is_configuration(name: &str) -> bool {
    let name = name.to_lowercase();
    // Beside the sign of the rotation it can only be the configuration: L-(+)-tartaric acid.
    let turns = |rest: &str| !rest.starts_with('(') && TURNING.iter().any(|part| rest.contains(part));
    locants(&name, "d-").chain(locants(&name, "l-")).any(turns)
}

/// What stands behind each prefix that begins a part of the name.
fn locants<'n>(name: &'n str, prefix: &'static str) -> impl Iterator<Item = &'n str> {
    let is_free = |at: usize| name[..at].ends_with([' ', '(', '[', ';']) || at == 0;
    name.match_indices(prefix).filter(move |(at, _)| is_free(*at)).map(move |(at, _)| &name[at + prefix.len()..])
}

/// What follows one of the groups, if anything does.
fn behind<'n>(groups: &[&str], rest: &'n str) -> Option<&'n str> {
    let rest = groups.iter().find_map(|group| rest.strip_prefix(group))?.trim_start_matches([' ', '-']);
    Some(rest).filter(|rest| !rest.is_empty())
}
