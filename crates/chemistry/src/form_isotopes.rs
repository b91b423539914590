//! How a name says isotopes.

use super::{
    form::Water,
    form_words::Reader,
    formula_parser::parse_stored,
    formula_readings::{formulas, readings},
};

/// Where a letter and a number belong to a name: vitamin D3.
const NUMBERED: [&str; 6] = ["vitamin", "prostaglandin", "calciferol", "resolvin", "protectin", "platycodin"];
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
            *known = known.zip(count).map(|(one, other)| one + other);
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
        let before = at.checked_sub(2).and_then(|at| self.word(at)).unwrap_or_default();
        let is_numbered = NUMBERED.iter().any(|name| before.ends_with(name));
        (self.ends(at + 2) && !is_numbered).then_some((2, "D", Some(count)))
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
        for part in parse_stored(name).ok().filter(|_| is_formula).into_iter().flatten() {
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
