//! The form of a substance, as a name says it: how much water its crystals hold, which isotopes it has, and of which
//! acid it is the salt. Toluene-d8 is not toluene, and copper sulfate pentahydrate is not copper sulfate, though a
//! search finds the one for the other.

use std::{collections::BTreeMap, fmt};

use super::{form_of_formula::has_water, form_words::read, formula::Formula, formula_parser::parse_stored};

/// What a name says of the water in a substance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Water {
    /// `anhydrous`
    None,
    /// In thousandths.
    Some(u64),
    /// `hydrate`
    Any,
}

/// What a name says of the form of its substance, and the name without that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    pub(super) water: Option<Water>,
    /// Each with how many atoms there are of it, where that is said.
    pub(super) isotopes: BTreeMap<&'static str, Option<u64>>,
    /// Whether the isotopes may be something else: `actinomycin-d`.
    pub(super) is_perhaps: bool,
    pub(super) acid: Option<(&'static str, Option<u64>)>,
    /// Letters and digits.
    pub(super) base: String,
}

/// In what two forms differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    Water,
    Isotopes,
    Acid,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Water => "water",
            Self::Isotopes => "isotopes",
            Self::Acid => "acid",
        })
    }
}

impl Form {
    pub fn of(name: &str) -> Self {
        read(name)
    }

    /// Whether the name says nothing of it.
    pub fn is_plain(&self) -> bool {
        self.water.is_none() && self.isotopes.is_empty() && self.acid.is_none()
    }

    /// In what the two are sure to be of two substances: both say it, and not the same.
    pub fn contradicts(&self, other: &Self) -> Option<Difference> {
        let waters = self.water.zip(other.water).is_some_and(|(one, other)| match (one, other) {
            (Water::None, Water::None) | (Water::Any, Water::Any | Water::Some(_)) | (Water::Some(_), Water::Any) => {
                false
            }
            (Water::Some(one), Water::Some(other)) => one != other,
            (Water::None, _) | (_, Water::None) => true,
        });
        let (ours, theirs) = (&self.isotopes, &other.isotopes);
        let is_other = |one: Option<u64>, other: Option<u64>| one.zip(other).is_some_and(|(one, other)| one != other);
        let isotopes = !ours.is_empty()
            && !theirs.is_empty()
            && (!ours.keys().eq(theirs.keys()) || ours.values().zip(theirs.values()).any(|(a, b)| is_other(*a, *b)));
        let acids = self.acid.zip(other.acid);
        let acids = acids.is_some_and(|((one, times), (other, others))| one != other || is_other(times, others));
        Difference::first(waters, isotopes, acids)
    }

    /// In what they may be: one says it of a name that the other says without it.
    pub fn is_beside(&self, other: &Self) -> Option<Difference> {
        if self.base != other.base || self.base.is_empty() {
            return None;
        }
        let is_wet = |form: &Self| matches!(form.water, Some(Water::Some(_) | Water::Any));
        Difference::first(
            is_wet(self) != is_wet(other),
            self.isotopes.is_empty() != other.isotopes.is_empty(),
            self.acid.is_some() != other.acid.is_some(),
        )
    }

    /// In what a substance of this name has no synonym of the other form: one contradicts the other or the formula, or
    /// says what neither does.
    pub fn excludes(&self, synonym: &Self, formula: Option<&Formula>) -> Option<Difference> {
        let by_formula = formula.and_then(|formula| synonym.is_not_of(formula));
        if by_formula.is_some() {
            return by_formula;
        }
        let parts = formula.and_then(|formula| parse_stored(formula.as_str()).ok()).unwrap_or_default();
        let proven = |difference: &Difference| match difference {
            Difference::Water => matches!(synonym.water, Some(Water::Some(_) | Water::Any)) && has_water(&parts),
            Difference::Isotopes => !synonym.isotopes.is_empty() && synonym.has_isotopes_in(&parts),
            Difference::Acid => synonym.acid.is_some() && parts.len() > 1,
        };
        let says_more = || {
            let is_wet = matches!(synonym.water, Some(Water::Some(_) | Water::Any));
            Difference::first(
                is_wet && self.water.is_none() && self.is_related_to(synonym),
                !synonym.isotopes.is_empty() && self.isotopes.is_empty() && !synonym.is_perhaps,
                false,
            )
        };
        let found = self.contradicts(synonym).or_else(|| self.is_beside(synonym)).or_else(says_more);
        found.filter(|difference| !proven(difference))
    }

    /// Whether the names have a word in common: Epsom salt and magnesium sulfate have none.
    fn is_related_to(&self, other: &Self) -> bool {
        let shares = |one: &str, other: &str| {
            let letters: Vec<char> = one.chars().collect();
            letters.windows(6).any(|part| other.contains(&part.iter().collect::<String>()))
        };
        shares(&self.base, &other.base) || self.base == other.base
    }
}

impl Difference {
    pub(super) fn first(water: bool, isotopes: bool, acid: bool) -> Option<Self> {
        let all = [(water, Self::Water), (isotopes, Self::Isotopes), (acid, Self::Acid)];
        all.into_iter().find(|(is, _)| *is).map(|(_, difference)| difference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formula(text: &str) -> Formula {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    /// A name and the formula beside it, other forms of it, and in what they differ.
    type Excluded = (&'static str, Option<&'static str>, &'static [&'static str], Difference);

    const EXCLUDED: &[Excluded] = &[
        (
            "Copper sulfate",
            None,
            &[
                "Copper sulfate pentahydrate",
                "copper sulfate·5H2O",
                "copper sulfate x 5 H2O",
                "copper sulfate * 5 H₂O",
                "Copper sulfate (5-hydrate)",
                "copper sulfate hydrate",
                "copper sulfate xH2O",
                "copper sulphate pentahydrate",
                "Copper(II) sulfate penta-hydrate",
                "copper sulfate + 5 H2O",
                "copper sulfate.5H2O",
            ],
            Difference::Water,
        ),
        (
            "Copper sulfate",
            Some("CuSO4"),
            &["blue vitriol pentahydrate", "X·5H2O", "vitriol hydrate"],
            Difference::Water,
        ),
        (
            "Copper sulfate pentahydrate",
            Some("CuSO4.5H2O"),
            &[
                "Copper sulfate",
                "copper sulfate, anhydrous",
                "Kupfersulfat wasserfrei",
                "copper sulfate anhyd.",
                "x 7 H2O",
                "CuSO4",
            ],
            Difference::Water,
        ),
        ("Kupfersulfat-Pentahydrat", None, &["Kupfersulfat", "Kupfersulfatmonohydrat"], Difference::Water),
        (
            "Toluene",
            None,
            &[
                "Toluene-d8",
                "toluene (D8)",
                "[2H8]toluene",
                "d8-toluene",
                "perdeuterated toluene",
                "toluene-d8, 99.5 atom % D",
                "(2H8)toluene",
                "methylbenzene-d8",
                "deuterotoluene",
                "¹³C7-toluene",
                "[13C7]toluene",
                "toluene-13C7",
                "toluene (carbon-13)",
                "Toluene-d",
                "[3H]toluene",
            ],
            Difference::Isotopes,
        ),
        (
            "Benzene",
            Some("C6H6"),
            &["13C6-benzene", "benzene-d6", "C6D6", "c6d6", "phene-d6", "benzene-d"],
            Difference::Isotopes,
        ),
        ("Toluene-d8", Some("C7D8"), &["toluene", "toluene-d3"], Difference::Isotopes),
        ("Chloroform", None, &["CDCl3", "chloroform-d"], Difference::Isotopes),
        ("Water", None, &["heavy water", "D2O"], Difference::Isotopes),
        ("Lidocaine", None, &["Lidocaine hydrochloride", "lidocaine·HCl", "lidocaine 2HCl"], Difference::Acid),
        ("Lidocaine hydrochloride", None, &["lidocaine", "lidocaine hydrobromide"], Difference::Acid),
    ];

    #[test]
    fn a_synonym_of_another_form_is_excluded_in_every_spelling() {
        for (name, of, synonyms, difference) in EXCLUDED {
            for synonym in *synonyms {
                let found = Form::of(name).excludes(&Form::of(synonym), of.map(formula).as_ref());
                assert_eq!(found, Some(*difference), "{name}: {synonym}: {:?}", Form::of(synonym));
            }
        }
    }

    #[test]
    fn a_synonym_of_the_same_form_stays_and_what_only_looks_like_another_does() {
        for (name, of, synonym) in [
            ("Copper sulfate", Some("CuSO4.5H2O"), "copper sulfate pentahydrate"),
            ("Copper sulfate pentahydrate", None, "blue vitriol"),
            ("Epsom salt", None, "magnesium sulfate heptahydrate"),
            ("Ethanol", None, "ethanol, anhydrous"),
            ("Copper sulfate", Some("CuSO4"), "copper sulfate anhydrous"),
            ("hydrazine hydrate", None, "hydrazine monohydrate"),
            ("chloral hydrate", Some("C2H3Cl3O2"), "chloral hydrate"),
            ("Calcium sulfate hemihydrate", Some("(CaSO4)2.H2O"), "plaster of Paris hemihydrate"),
            ("sucrose", None, "a carbohydrate"),
            ("glucose", None, "Kohlenhydrat"),
            ("acetic anhydride", None, "anhydrous acetic anhydride"),
            ("Toluene-d8", Some("C7D8"), "[2H8]toluene"),
            ("Toluene-d8", None, "deuterated toluene"),
            ("Heavy water", None, "D2O"),
            ("Chloroform", Some("CDCl3"), "chloroform-d"),
            ("cholecalciferol", Some("C27H44O"), "vitamin D3"),
            ("alprostadil", None, "prostaglandin D2"),
            ("pyran", None, "2H-pyran"),
            ("phthalazinone", None, "phthalazin-1(2H)-one"),
            ("limonene", None, "d-limonene"),
            ("xylene", None, "[1,3-d]"),
            ("D4", None, "octamethylcyclotetrasiloxane"),
            ("hydrochloric acid", None, "HCl"),
            ("aldehydes", None, "alcohols C13-C15"),
            ("ceramide", Some("C36H71NO3"), "ceramide (d18:1/18:0)"),
            ("propargite", Some("C19H26O4S"), "uniroyal d014"),
            ("punicic acid", Some("C18H30O2"), "octadeca-9c,11t,13c-trienoic acid"),
            ("dibromotetrafluorobenzene", Some("C6Br2F4"), "d170"),
            ("chlorhexidine dihydrochloride", None, "chlorhexidine hydrochloride"),
        ] {
            let found = Form::of(name).excludes(&Form::of(synonym), of.map(formula).as_ref());
            assert_eq!(found, None, "{name}: {synonym}: {:?}", Form::of(synonym));
        }
    }
}
