//! The words, numbers and signs of a name that tell the form of a substance.

use super::{
    form::{Form, Water},
    form_tokens::{Token, tokens},
};

/// Before `hydrate` and names of acids, in thousandths.
const NUMERALS: [(&str, u64); 27] = [
    ("hemipenta", 2_500),
    ("hemihepta", 3_500),
    ("hemi", 500),
    ("mono", 1_000),
    ("sesqui", 1_500),
    ("undeca", 11_000),
    ("hendeca", 11_000),
    ("dodeca", 12_000),
    ("trideca", 13_000),
    ("tetradeca", 14_000),
    ("pentadeca", 15_000),
    ("hexadeca", 16_000),
    ("heptadeca", 17_000),
    ("octadeca", 18_000),
    ("icosa", 20_000),
    ("eicosa", 20_000),
    ("tetracosa", 24_000),
    ("di", 2_000),
    ("bi", 2_000),
    ("tri", 3_000),
    ("tetra", 4_000),
    ("penta", 5_000),
    ("hexa", 6_000),
    ("hepta", 7_000),
    ("octa", 8_000),
    ("nona", 9_000),
    ("deca", 10_000),
];
const HYDRATES: [&str; 7] = ["hydrates", "hydrate", "hydrat", "hidratado", "hidrato", "idrato", "hydraat"];
const DRY: [&str; 11] = [
    "anhydrous",
    "anhydrus",
    "anhydr",
    "anhyd",
    "anhydre",
    "anhidro",
    "anhidra",
    "anidro",
    "anidra",
    "wfr",
    "watervrij",
];
const ACIDS: [(&str, &str); 10] = [
    ("hydrochloride", "HCl"),
    ("hydrochlorid", "HCl"),
    ("chlorhydrate", "HCl"),
    ("clorhidrato", "HCl"),
    ("cloridrato", "HCl"),
    ("hydrobromide", "HBr"),
    ("hydrobromid", "HBr"),
    ("bromhydrate", "HBr"),
    ("hydroiodide", "HI"),
    ("hydriodide", "HI"),
];
pub(super) fn read(name: &str) -> Form {
    let tokens = tokens(name);
    let mut reader = Reader { tokens: &tokens, form: Form::default() };
    reader.whole_formula(name);
    let mut at = 0;
    while at < tokens.len() {
        let taken = reader.water(at).or_else(|| reader.isotope(at)).or_else(|| reader.acid(at));
        if taken.is_none() {
            match &tokens[at] {
                Token::Word(text) | Token::Number(text) => reader.form.base.push_str(text),
                Token::Sign(_) => {}
            }
        }
        at += taken.unwrap_or(1);
    }
    let mut form = reader.form;
    // `D4` is a siloxane.
    if matches!(&tokens[..], [Token::Word(word), Token::Number(_)] if word == "d") {
        form.isotopes.clear();
    }
    form
}

pub(super) struct Reader<'t> {
    pub tokens: &'t [Token],
    pub form: Form,
}

impl Reader<'_> {
    pub fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn number(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at)? {
            Token::Number(number) => Some(number),
            _ => None,
        }
    }

    pub fn sign(&self, at: usize) -> Option<char> {
        match self.tokens.get(at)? {
            Token::Sign(sign) => Some(*sign),
            _ => None,
        }
    }

    fn before(&self, at: usize) -> Option<&Token> {
        at.checked_sub(1).and_then(|at| self.tokens.get(at))
    }

    pub fn begins(&self, at: usize) -> bool {
        matches!(self.before(at), None | Some(Token::Sign(_)))
    }

    pub fn ends(&self, at: usize) -> bool {
        matches!(self.tokens.get(at), None | Some(Token::Sign(_)))
    }

    /// Behind a space or hyphen, if there is one.
    pub fn next(&self, at: usize) -> usize {
        at + usize::from(matches!(self.sign(at), Some(' ' | '-' | '(')))
    }

    fn is_water(&self, at: usize) -> Option<usize> {
        let is_formula =
            self.word(at) == Some("h") && self.number(at + 1) == Some("2") && self.word(at + 2) == Some("o");
        if is_formula && !matches!(self.tokens.get(at + 3), Some(Token::Number(_))) {
            return Some(3);
        }
        matches!(self.word(at)?, "aq" | "water" | "wasser" | "agua").then_some(1)
    }

    /// How many tokens say the water there.
    fn water(&mut self, at: usize) -> Option<usize> {
        let (taken, water) = self.dry(at).or_else(|| self.counted_water(at)).or_else(|| self.hydrate(at))?;
        self.form.water.get_or_insert(water);
        Some(taken)
    }

    fn dry(&self, at: usize) -> Option<(usize, Water)> {
        let word = self.word(at)?;
        if DRY.contains(&word) || word.contains("wasserfrei") {
            return Some((1, Water::None));
        }
        let next = self.next(at + 1);
        let is_free = matches!(word, "water" | "wasser" | "kristallwasser")
            && self.word(next).is_some_and(|word| word == "free" || word.starts_with("frei"));
        is_free.then(|| (next + 1 - at, Water::None))
    }

    /// `5 H2O`, `5-hydrate`, `½ H2O`, `x H2O`, and `· H2O`.
    fn counted_water(&self, at: usize) -> Option<(usize, Water)> {
        if let Some(number) = self.number(at) {
            let is_apart = self.begins(at) || matches!(self.before(at), Some(Token::Word(word)) if word == "x");
            let half = self.sign(at + 1) == Some('/');
            let end = if half { at + 3 } else { at + 1 };
            let next = self.next(end);
            let taken =
                self.is_water(next).or_else(|| self.word(next).filter(|word| HYDRATES.contains(word)).map(|_| 1))?;
            let divisor = if half { thousandths(self.number(at + 2)?)? } else { 1_000 };
            let count = thousandths(number)? * 1_000 / divisor.max(1);
            return (is_apart && count > 0).then_some((next + taken - at, Water::Some(count)));
        }
        let is_open = matches!(self.word(at), Some("x" | "n"));
        if is_open || matches!(self.sign(at), Some('·' | '.' | '*' | '+')) {
            let next = self.next(at + 1);
            let is_formula = self.word(next) == Some("h");
            let taken = self.is_water(next).filter(|_| is_formula)?;
            return Some((next + taken - at, if is_open { Water::Any } else { Water::Some(1_000) }));
        }
        let is_joined = matches!(self.word(at), Some("xh" | "nh")) && self.begins(at) && at > 0;
        let is_water = is_joined && self.number(at + 1) == Some("2") && self.word(at + 2) == Some("o");
        is_water.then_some((3, Water::Any))
    }

    /// `pentahydrate`, `penta-hydrate`, `hemi(pentahydrate)`, `hydrate`, `Kupfersulfatpentahydrat`.
    fn hydrate(&mut self, at: usize) -> Option<(usize, Water)> {
        let word = self.word(at)?;
        if let Some((_, numeral)) = NUMERALS.iter().find(|(numeral, _)| *numeral == word) {
            let next = self.next(at + 1);
            let behind = self.word(next)?;
            if HYDRATES.contains(&behind) {
                return Some((next + 1 - at, Water::Some(*numeral)));
            }
            let (prefix, _) = HYDRATES.iter().find_map(|stem| Some((behind.strip_suffix(stem)?, stem)))?;
            let (_, other) = NUMERALS.iter().find(|(numeral, _)| *numeral == prefix)?;
            return Some((next + 1 - at, Water::Some(numeral * other / 1_000)));
        }
        let (stem, prefix) = HYDRATES.iter().find_map(|stem| Some((*stem, word.strip_suffix(stem)?)))?;
        if prefix.is_empty() {
            return Some((1, Water::Any));
        }
        let (numeral, count) = NUMERALS.iter().find(|(numeral, _)| prefix.ends_with(numeral))?;
        let compound = &prefix[..prefix.len() - numeral.len()];
        // German writes it in one word with the salt.
        if !compound.is_empty() && stem != "hydrat" {
            return None;
        }
        let compound = compound.to_owned();
        self.form.base.push_str(&compound);
        Some((1, Water::Some(*count)))
    }

    /// `dihydrochloride`, `2 HCl` behind a name.
    fn acid(&mut self, at: usize) -> Option<usize> {
        let counted = self.number(at).filter(|_| self.begins(at));
        let next = if counted.is_some() { self.next(at + 1) } else { at };
        let word = self.word(next)?;
        let symbols = [("hcl", "HCl"), ("hbr", "HBr")];
        if let Some((_, acid)) = symbols.iter().find(|(symbol, _)| *symbol == word) {
            let has_name = self.form.base.chars().filter(|c| c.is_alphabetic()).count() > 2;
            let is_apart = (self.begins(next) || counted.is_some()) && self.ends(next + 1);
            let count = counted.and_then(|count| count.parse().ok());
            if !has_name || !is_apart {
                return None;
            }
            self.form.acid.get_or_insert((acid, count));
            return Some(next + 1 - at);
        }
        if counted.is_some() {
            return None;
        }
        let (prefix, acid) = ACIDS.iter().find_map(|(stem, acid)| Some((word.strip_suffix(stem)?, *acid)))?;
        let numeral = NUMERALS.iter().find(|(numeral, _)| prefix.ends_with(numeral));
        let compound = &prefix[..prefix.len() - numeral.map_or(0, |(numeral, _)| numeral.len())];
        let compound = compound.to_owned();
        self.form.base.push_str(&compound);
        self.form.acid.get_or_insert((acid, numeral.map(|(_, count)| count / 1_000).filter(|count| *count > 1)));
        Some(1)
    }
}

fn thousandths(number: &str) -> Option<u64> {
    let (whole, rest) = number.split_once(['.', ',']).unwrap_or((number, ""));
    if whole.len() > 3 || rest.len() > 3 { None } else { format!("{whole}{rest:0<3}").parse().ok() }
}
