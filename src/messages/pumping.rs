//! When codes sent to a block of numbers or a country look as if somebody were paid for them: hardly any comes back.

use chrono::TimeDelta;

/// Under which a share is never bad.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    /// Codes in a day: with fewer, chance decides.
    pub codes: i64,
    /// Different phones: a person who asks again and again has one, and whoever helps them a few.
    pub phones: i64,
}

pub const BLOCK_FLOOR: Floor = Floor { codes: 20, phones: 5 };
pub const COUNTRY_FLOOR: Floor = Floor { codes: 100, phones: 25 };
/// Of a hundred codes, fewer than this typed in is not what people do: with good delivery more than half come back.
pub const LEAST_PERCENT: i64 = 10;
pub const SEEN_BACK: TimeDelta = TimeDelta::hours(24);

/// Of the codes of a day that strangers asked for.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub sent: i64,
    pub phones: i64,
    pub verified: i64,
}

impl Share {
    pub fn is_bad(self, floor: Floor) -> bool {
        self.sent >= floor.codes && self.phones >= floor.phones && self.verified * 100 < self.sent * LEAST_PERCENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_codes_or_few_phones_prove_nothing_and_one_in_ten_is_enough() {
        let is_bad = |sent, phones, verified| Share { sent, phones, verified }.is_bad(BLOCK_FLOOR);
        assert!(!is_bad(19, 19, 0) && is_bad(20, 20, 0) && is_bad(20, 20, 1) && !is_bad(20, 20, 2));
        assert!(is_bad(21, 5, 2) && !is_bad(21, 4, 2) && !is_bad(80, 4, 0));
    }
}
