//! The sums that the charges of some atoms may have. All of them at once, one bit for each: to try every choice of
//! charges would take the product of their numbers, and nobody waits for that.

/// The bits of a word.
const WORD: usize = u64::BITS as usize;

pub(super) struct Sums {
    /// What the first bit stands for.
    least: i64,
    words: Vec<u64>,
}

impl Sums {
    /// Without any atom.
    pub fn zero() -> Self {
        Self { least: 0, words: vec![1] }
    }

    pub fn has(&self, sum: i64) -> bool {
        let Ok(at) = usize::try_from(sum - self.least) else { return false };
        self.words.get(at / WORD).is_some_and(|word| (word >> (at % WORD)) & 1 == 1)
    }

    /// With so many atoms more, which all have one of these charges.
    pub fn with_one_of(&self, charges: &[i64], count: i64) -> Self {
        let least = charges.iter().min().copied().unwrap_or_default();
        let mut words = Vec::new();
        for charge in charges {
            add_shifted(&mut words, &self.words, (charge - least) * count);
        }
        Self { least: self.least + least * count, words }
    }

    /// With so many atoms more, each of which has any charge between these.
    pub fn with_any_of(&self, least: i64, most: i64, count: i64) -> Self {
        let wanted = (most - least) * count;
        let (mut words, mut reached) = (self.words.clone(), 0);
        while reached < wanted {
            let step = (reached + 1).min(wanted - reached);
            let before = words.clone();
            add_shifted(&mut words, &before, step);
            reached += step;
        }
        Self { least: self.least + least * count, words }
    }
}

fn add_shifted(words: &mut Vec<u64>, from: &[u64], by: i64) {
    let by = usize::try_from(by).unwrap_or_default();
    let (whole, bits) = (by / WORD, by % WORD);
    words.resize(words.len().max(from.len() + whole + 1), 0);
    for (at, word) in from.iter().enumerate() {
        words[at + whole] |= word << bits;
        if bits > 0 {
            words[at + whole + 1] |= word >> (WORD - bits);
        }
    }
    while words.last() == Some(&0) {
        words.pop();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_sums_are_those_of_every_choice(
            atoms in prop::collection::vec((prop::collection::vec(-4..9_i64, 1..5), 1..70_i64, any::<bool>()), 0..5),
        ) {
            let (mut sums, mut all) = (Sums::zero(), BTreeSet::from([0]));
            for (mut charges, count, is_mixed) in atoms {
                charges.sort_unstable();
                let (least, most) = (charges[0], charges[charges.len() - 1]);
                let totals: Vec<i64> = if is_mixed {
                    sums = sums.with_any_of(least, most, count);
                    (least * count..=most * count).collect()
                } else {
                    sums = sums.with_one_of(&charges, count);
                    charges.iter().map(|charge| charge * count).collect()
                };
                all = all.iter().flat_map(|sum| totals.iter().map(move |total| sum + total)).collect();
            }
            for sum in -2_000..4_000 {
                prop_assert_eq!(sums.has(sum), all.contains(&sum), "{}", sum);
            }
        }
    }

    /// Neither more elements nor more atoms multiply the work: each sum is one bit.
    #[test]
    fn there_is_one_bit_for_each_sum_however_many_charges_add_up_to_it() {
        let many = (0..100).fold(Sums::zero(), |sums, _| sums.with_any_of(2, 8, 10).with_one_of(&[-1, 5], 10));
        assert_eq!(many.words.len(), 100 * (60 + 60) / WORD + 1);
    }
}
