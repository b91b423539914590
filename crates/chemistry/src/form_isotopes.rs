//! How a name says isotopes.

use super::{
    form::Water,
    form_tokens::Token,
    form_words::Reader,
    formula_parser::{ONCE, parse_stored},
    formula_readings::{formulas, readings},
};

/// Families, in several languages, whose members have a letter and a number: vitamin D3. Exxsol D40 is a solvent of
/// trade.
const NUMBERED: [&str; 11] = [
    "vitam",
    "witam",
    "prostaglandin",
    "leukotrien",
    "leucotrien",
    "resolvin",
    "protectin",
    "platycodin",
    "calcifer",
    "exxsol",
    "shellsol",
];
/// Where `D4` is a ring of four: octamethylcyclotetrasiloxane.
const RINGS: [&str; 3] = ["siloxan", "silossan", "methicon"];
/// Names that have nothing of deuterium but its first letters.
const NO_DEUTERIUM: [&str; 3] = ["deuteropor", "deuterohem", "deuterope"];

/// What a text says: how long it is, the isotope, and how many atoms.
type Said = (usize, &'static str, Option<u64>);

impl Reader<'_> {
    /// How many tokens say an isotope there.
    pub fn isotope(&mut self, at: usize) -> Option<usize> {
        let (taken, isotope, count) =
            self.deuterium(at).or_else(|| self.nuclide(at)).or_else(|| self.isotope_in_words(at))?;
        let known = self.form.isotopes.entry(isotope).or_insert(count);
        if *known != count {
            *known = known.zip(count).map(|(one, other)| one.saturating_add(other));
        }
        Some(taken)
    }

    /// `-d8`, `(D8)`, `d8-`, and `-d` at the end.
    fn deuterium(&mut self, at: usize) -> Option<Said> {
        if self.word(at)? != "d" || !self.begins(at) {
            return None;
        }
        if self.number(at + 1).is_none() {
            let is_last = at + 1 == self.tokens.len() && at > 1 && self.sign(at - 1) == Some('-');
            self.form.is_perhaps |= is_last && self.form.isotopes.is_empty();
            return is_last.then_some((1, "D", None));
        }
        let count = self.number(at + 1).filter(|count| !count.starts_with('0') && self.sign(at + 2) != Some(':'))?;
        let count = count.parse().ok().filter(|count| (1..200).contains(count))?;
        if !self.ends(at + 2) || self.is_numbered(at, count) {
            return None;
        }
        // Both are sold: the vitamin, and the one with three atoms of deuterium.
        let is_joined = self.sign(at.wrapping_sub(1)) == Some('-') && self.is_of("calcifer", at.wrapping_sub(2));
        self.form.is_perhaps |= is_joined && matches!(count, 2..=5) && self.form.isotopes.is_empty();
        Some((2, "D", Some(count)))
    }

    /// Whether the letter and the number there belong to the name.
    fn is_numbered(&self, at: usize, count: u64) -> bool {
        let is_sign = |at: &usize| matches!(self.tokens.get(*at), Some(Token::Sign(_)));
        let before = |at: usize| (0..at).rev().find(|at| !is_sign(at));
        let Some(mut last) = before(at) else { return self.is_ring(count) };
        // `1,25-(OH)2-D3`
        if self.number(last).is_some() && self.sign(last.wrapping_sub(1)) == Some(')') {
            last = before(last).unwrap_or(last);
        }
        let word = self.word(last).unwrap_or_default();
        let is_hydroxyl = word == "oh" && matches!(count, 2 | 3);
        let is_vitamin = is_hydroxyl
            && before(last).is_some_and(|at| {
                let is_place = |number: &str| number == "1" || number.ends_with("24") || number.ends_with("25");
                self.number(at).is_some_and(is_place) || matches!(self.word(at), Some("α" | "alpha"))
            });
        let is_apart = self.sign(at.wrapping_sub(1)) != Some('-');
        let is_family = |family: &&str| word.contains(*family) && (is_apart || *family != "calcifer");
        is_vitamin || word == "vit" || NUMBERED.iter().any(is_family) || self.is_ring(count)
    }

    fn is_ring(&self, count: u64) -> bool {
        (3..=8).contains(&count) && (0..self.tokens.len()).any(|at| RINGS.iter().any(|ring| self.is_of(ring, at)))
    }

    fn is_of(&self, family: &str, at: usize) -> bool {
        self.word(at).is_some_and(|word| word.contains(family))
    }

    /// `[2H8]`, `(2H8)`, `13C6`, `[14C]`. `2H-pyran` and `1(2H)-one` have another hydrogen, and no other isotope.
    fn nuclide(&self, at: usize) -> Option<Said> {
        const NUCLIDES: [(&str, &str, &str); 13] = [
            ("2", "h", "D"),
            ("3", "h", "T"),
            ("11", "c", "11C"),
            ("13", "c", "13C"),
            ("14", "c", "14C"),
            ("15", "n", "15N"),
            ("17", "o", "17O"),
            ("18", "o", "18O"),
            ("18", "f", "18F"),
            ("32", "p", "32P"),
            ("123", "i", "123I"),
            ("125", "i", "125I"),
            ("131", "i", "131I"),
        ];
        let (number, letter) = (self.number(at)?, self.word(at + 1)?);
        let (.., isotope) = NUCLIDES.iter().find(|(n, element, _)| *n == number && *element == letter)?;
        let count = self.number(at + 2);
        let end = at + 2 + usize::from(count.is_some());
        let is_hydrogen = matches!(*isotope, "D" | "T");
        let is_in_brackets = self.sign(at.wrapping_sub(1)) == Some('[') || self.sign(end) == Some(']');
        let is_sure =
            !is_hydrogen || is_in_brackets || count.is_some_and(|count| count != "2" || self.sign(end) == Some(')'));
        // `9c,11t,13c-` are places of double bonds.
        let is_sure = is_sure && (count.is_some() || self.sign(at.wrapping_sub(1)) != Some(','));
        let count = count.map(str::parse).transpose().ok()?;
        (self.begins(at) && self.ends(end) && is_sure).then_some((
            end - at,
            *isotope,
            count.or(Some(1).filter(|_| !is_hydrogen)),
        ))
    }

    fn isotope_in_words(&self, at: usize) -> Option<Said> {
        const NUCLIDES: [(&str, &str, &str); 6] = [
            ("carbon", "13", "13C"),
            ("carbon", "14", "14C"),
            ("nitrogen", "15", "15N"),
            ("oxygen", "18", "18O"),
            ("iodine", "125", "125I"),
            ("iodine", "131", "131I"),
        ];
        let word = self.word(at)?;
        if word.contains("deuter") && !NO_DEUTERIUM.iter().any(|name| word.contains(name)) {
            return Some((1, "D", None));
        }
        if ["tritiat", "tritium", "tritio"].iter().any(|begin| word.starts_with(begin)) {
            return Some((1, "T", None));
        }
        let next = self.next(at + 1);
        if matches!((word, self.word(next)), ("heavy", Some("water")) | ("schweres", Some("wasser"))) {
            return Some((next + 1 - at, "D", None));
        }
        let is_it = |(element, number, _): &&(&str, &str, &str)| *element == word && self.number(next) == Some(number);
        NUCLIDES.iter().find(is_it).map(|(.., isotope)| (next + 1 - at, *isotope, None))
    }

    /// `CDCl3` and `D2O`; and `MgSO4`, which has no water.
    pub fn whole_formula(&mut self, name: &str) {
        if formulas(name).iter().any(|formula| !formula.is_organic() && !formula.as_str().contains(['.', '·'])) {
            self.form.water = Some(Water::None);
        }
        // `c6d6`, as lists in lower case have it, where it is nothing else.
        let has_digit = name.contains(|c: char| c.is_ascii_digit());
        let is_small = name.len() <= 8 && name.starts_with(['c', 'd']) && !name.contains(char::is_uppercase);
        let small = if has_digit && is_small { readings(name) } else { Vec::new() };
        let name = if let [only] = &small[..] { only.as_str() } else { name };
        let is_formula = has_digit && name.contains(['D', 'T']);
        // `25(OH)D3` is no 25 of something.
        let parts =
            parse_stored(name).ok().filter(|parts| is_formula && parts.iter().take(1).all(|it| it.times == ONCE));
        for part in parts.into_iter().flatten() {
            for (atom, count) in part.atoms {
                let isotope = match (atom.element, atom.nuclide) {
                    ("H", Some(2)) => "D",
                    ("H", Some(3)) => "T",
                    _ => continue,
                };
                self.form.isotopes.insert(isotope, Some(u64::from(count)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Form, Formula};

    fn has_isotopes(name: &str) -> bool {
        !Form::of(name).isotopes.is_empty()
    }

    #[test]
    fn a_letter_and_a_number_that_belong_to_a_name_are_no_deuterium() {
        for (name, of) in [
            ("Vitamin D3", "C27H44O"),
            ("Vitamine D3", "C27H44O"),
            ("Vitamina D3", "C27H44O"),
            ("vitamina D2", "C28H44O"),
            ("Witamina D3", "C27H44O"),
            ("Vit. D3", "C27H44O"),
            ("Vit D3", "C27H44O"),
            ("25-OH-D3", "C27H44O2"),
            ("25(OH)D3", "C27H44O2"),
            ("1,25-(OH)2-D3", "C27H44O3"),
            ("1α-OH-D3", "C27H44O2"),
            ("25-hydroxyvitamin D3", "C27H44O2"),
            ("Ergocalciferol (D2)", "C28H44O"),
            ("Ergocalciférol (D2)", "C28H44O"),
            ("Cholecalciferol D3", "C27H44O"),
            ("Cholecalciferol-D3", "C27H44O"),
            ("Octamethylcyclotetrasiloxane (D4)", "C8H24O4Si4"),
            ("Octamethylcyclotetrasiloxan (D4)", "C8H24O4Si4"),
            ("D4 (octamethylcyclotetrasiloxane)", "C8H24O4Si4"),
            ("Decamethylcyclopentasiloxane (D5)", "C10H30O5Si5"),
            ("Cyclomethicone D5", "C10H30O5Si5"),
            ("Leukotriene D4", "C25H40N2O6S"),
            ("Prostaglandine D2", "C20H32O5"),
        ] {
            let of: Formula = of.parse().unwrap();
            assert_eq!(Form::of(name).is_not_of(&of), None, "{name}: {:?}", Form::of(name));
        }
    }

    #[test]
    fn what_is_deuterated_is_told_from_what_is_not() {
        for (name, of) in [
            ("chloroform-d", "CDCl3"),
            ("acetone-d6", "C3H6O"),
            ("D2O", "H2O"),
            ("DMSO-d6", "C2H6OS"),
            ("(D4)methanol", "CH4O"),
            ("methanol (D4)", "CH4O"),
            ("Vitamin D3-d6", "C27H44O"),
            ("Cholecalciferol-d7", "C27H44O"),
            ("octamethylcyclotetrasiloxane-d24", "C8H24O4Si4"),
            ("prostaglandin E2-d4", "C20H32O5"),
            ("benzene-OH-d5", "C6H6O"),
        ] {
            assert!(has_isotopes(name), "{name}");
            let of: Formula = of.parse().unwrap();
            assert_eq!(Form::of(name).is_not_of(&of).is_none(), name == "chloroform-d", "{name}");
        }
        for name in ["chloroform-d", "Cholecalciferol-d3"] {
            assert!(has_isotopes(name), "{name}");
        }
        let count = "[13C]18446744073709551615 ";
        assert!(has_isotopes(&count.repeat(3).replace("[13C]", "13C")));
    }
}
