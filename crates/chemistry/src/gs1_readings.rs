//! The several readings of an element string whose separators were lost.

use chrono::NaiveDate;

use super::{
    gs1::{Fields, fits, label},
    gs1_table::{Format, identifier},
    label::{Label, Reading},
};

/// More readings than these help nobody to choose.
const MOST_READINGS: usize = 8;
/// No more ways are tried: many of them end in a field that comes twice.
const MOST_STEPS: usize = 1000;

/// What may be read from a field on that has no separator behind it: it alone, or shorter with others behind it. Lot
/// `AB21C`, or lot `AB` and serial `C`?
pub(super) struct Readings<'a> {
    text: &'a str,
    ai: &'a str,
    format: Format,
    /// Whether what begins at each byte can be read as whole fields to the end.
    whole: Vec<bool>,
    today: NaiveDate,
}

impl<'a> Readings<'a> {
    pub fn of(text: &'a str, ai: &'a str, format: Format, before: &Fields<'a>, today: NaiveDate) -> Self {
        let mut it = Self { text, ai, format, whole: vec![false; text.len() + 1], today };
        it.whole[text.len()] = true;
        for at in (1..text.len()).rev().filter(|at| text.is_char_boundary(*at)) {
            it.whole[at] = identifier(&text[at..]).is_some_and(|(next, format)| {
                // No field comes twice, and a number of pieces needs what they are pieces of.
                let is_possible =
                    next != ai && !before.contains_key(next) && (next != "37" || before.contains_key("02"));
                is_possible && it.ends(at + next.len(), next, format).next().is_some()
            });
        }
        it
    }

    /// Where the value of a field that begins at `from` may end.
    fn ends(&self, from: usize, ai: &str, format: Format) -> impl Iterator<Item = usize> {
        let (least, most) = (from + format.least(), (from + format.longest()).min(self.text.len()));
        (least..=most).filter(move |end| {
            self.whole[*end] && self.text.get(from..*end).is_some_and(|value| fits(ai, format, value, self.today))
        })
    }

    pub fn has_several(&self) -> bool {
        self.ends(0, self.ai, self.format).any(|end| end < self.text.len())
    }

    pub fn all(&self, before: &Fields<'a>) -> Vec<Reading> {
        let (mut found, mut steps) = (Vec::new(), 0);
        self.collect(0, (self.ai, self.format), before, &mut found, &mut steps);
        found
    }

    fn collect(
        &self,
        from: usize,
        (ai, format): (&'a str, Format),
        before: &Fields<'a>,
        found: &mut Vec<Reading>,
        steps: &mut usize,
    ) {
        for end in self.ends(from, ai, format) {
            *steps += 1;
            if found.len() == MOST_READINGS || *steps > MOST_STEPS {
                return;
            }
            let mut fields = before.clone();
            if fields.insert(ai, &self.text[from..end]).is_some() {
                continue;
            }
            if let Some((next, format)) = identifier(&self.text[end..]) {
                self.collect(end + next.len(), (next, format), &fields, found, steps);
            } else {
                let Label { lot, serial, expires_on, .. } = label(&fields, self.today);
                found.push(Reading { lot, serial, expires_on });
            }
        }
    }
}
