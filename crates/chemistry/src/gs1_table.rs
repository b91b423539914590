//! The application identifiers of GS1: how long what follows each of them may be.
//!
//! Source: GS1 General Specifications, sections 3.2 (application identifiers) and 7.8.5 (predefined lengths).

/// So many digits, and then up to `most` characters more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub digits: usize,
    pub most: usize,
    pub only_digits: bool,
}

impl Format {
    /// Ends where its length says, so that no separator needs to follow.
    pub fn is_fixed(self) -> bool {
        self.most == 0
    }

    pub fn least(self) -> usize {
        self.digits.max(1)
    }

    pub fn longest(self) -> usize {
        self.digits + self.most
    }

    pub fn fits(self, value: &str) -> bool {
        let (digits, rest) = value.as_bytes().split_at(self.digits.min(value.len()));
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        (self.least()..=self.longest()).contains(&value.len())
            && digits.iter().all(is_digit)
            && rest.iter().all(|byte| if self.only_digits { is_digit(byte) } else { byte.is_ascii_graphic() })
    }
}

const fn n(digits: usize) -> Format {
    Format { digits, most: 0, only_digits: true }
}

const fn n_to(most: usize) -> Format {
    nn(0, most)
}

const fn nn(digits: usize, most: usize) -> Format {
    Format { digits, most, only_digits: true }
}

const fn x(most: usize) -> Format {
    nx(0, most)
}

const fn nx(digits: usize, most: usize) -> Format {
    Format { digits, most, only_digits: false }
}

/// How an identifier begins, how many digits it has, and what follows it. Numbers that are not given out yet stand here
/// when their length is laid down.
const TABLE: &[(&str, usize, Format)] = &[
    ("00", 2, n(18)),
    ("01", 2, n(14)),
    ("02", 2, n(14)),
    ("03", 2, n(14)),
    ("04", 2, n(16)),
    ("10", 2, x(20)),
    ("11", 2, n(6)),
    ("12", 2, n(6)),
    ("13", 2, n(6)),
    ("14", 2, n(6)),
    ("15", 2, n(6)),
    ("16", 2, n(6)),
    ("17", 2, n(6)),
    ("18", 2, n(6)),
    ("19", 2, n(6)),
    ("20", 2, n(2)),
    ("21", 2, x(20)),
    ("22", 2, x(20)),
    ("235", 3, x(28)),
    ("240", 3, x(30)),
    ("241", 3, x(30)),
    ("242", 3, n_to(6)),
    ("243", 3, x(20)),
    ("250", 3, x(30)),
    ("251", 3, x(30)),
    ("253", 3, nx(13, 17)),
    ("254", 3, x(20)),
    ("255", 3, nn(13, 12)),
    ("30", 2, n_to(8)),
    ("31", 4, n(6)),
    ("32", 4, n(6)),
    ("33", 4, n(6)),
    ("34", 4, n(6)),
    ("35", 4, n(6)),
    ("36", 4, n(6)),
    ("37", 2, n_to(8)),
    ("390", 4, n_to(15)),
    ("391", 4, nn(3, 15)),
    ("392", 4, n_to(15)),
    ("393", 4, nn(3, 15)),
    ("394", 4, n(4)),
    ("395", 4, n(6)),
    ("400", 3, x(30)),
    ("401", 3, x(30)),
    ("402", 3, n(17)),
    ("403", 3, x(30)),
    ("41", 3, n(13)),
    ("420", 3, x(20)),
    ("421", 3, nx(3, 9)),
    ("422", 3, n(3)),
    ("423", 3, nn(3, 12)),
    ("424", 3, n(3)),
    ("425", 3, nn(3, 12)),
    ("426", 3, n(3)),
    ("427", 3, x(3)),
    ("7001", 4, n(13)),
    ("7002", 4, x(30)),
    ("7003", 4, n(10)),
    ("7004", 4, n_to(4)),
    ("7005", 4, x(12)),
    ("7006", 4, n(6)),
    ("7007", 4, nn(6, 6)),
    ("7008", 4, x(3)),
    ("7009", 4, x(10)),
    ("7010", 4, x(2)),
    ("7011", 4, nn(6, 4)),
    ("7020", 4, x(20)),
    ("7021", 4, x(20)),
    ("7022", 4, x(20)),
    ("7023", 4, x(30)),
    ("703", 4, nx(3, 27)),
    ("7040", 4, nx(1, 3)),
    ("71", 3, x(20)),
    ("723", 4, x(30)),
    ("7240", 4, x(20)),
    ("8001", 4, n(14)),
    ("8002", 4, x(20)),
    ("8003", 4, nx(14, 16)),
    ("8004", 4, x(30)),
    ("8005", 4, n(6)),
    ("8006", 4, n(18)),
    ("8007", 4, x(34)),
    ("8008", 4, nn(8, 4)),
    ("8009", 4, x(50)),
    ("8010", 4, x(30)),
    ("8011", 4, n_to(12)),
    ("8012", 4, x(20)),
    ("8013", 4, x(25)),
    ("8017", 4, n(18)),
    ("8018", 4, n(18)),
    ("8019", 4, n_to(10)),
    ("8020", 4, x(25)),
    ("8026", 4, n(18)),
    ("8110", 4, x(70)),
    ("8112", 4, x(70)),
    ("8200", 4, x(70)),
    ("90", 2, x(30)),
    ("9", 2, x(90)),
];

/// The identifier that the data begins with. None where it is not known, which leaves the length open.
pub(super) fn identifier(data: &str) -> Option<(&str, Format)> {
    let (_, length, format) = TABLE.iter().find(|(start, ..)| data.starts_with(start))?;
    let identifier = data.get(..*length)?;
    super::text::is_digits(identifier).then_some((identifier, *format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_has_the_length_that_gs1_lays_down() {
        let of = |data| identifier(data).map(|(ai, format)| (ai, format.least(), format.longest()));
        for (data, expected) in [
            ("00…", ("00", 18, 18)),
            ("10L", ("10", 1, 20)),
            ("3103001224", ("3103", 6, 6)),
            ("4140000", ("414", 13, 13)),
            ("422276", ("422", 3, 3)),
            ("7003", ("7003", 10, 10)),
            ("8008", ("8008", 8, 12)),
            ("8200", ("8200", 1, 70)),
            ("90", ("90", 1, 30)),
            ("99", ("99", 1, 90)),
            ("714", ("714", 1, 20)),
        ] {
            assert_eq!(of(data), Some(expected), "{data}");
        }
        for unknown in ["", "0", "05", "29", "310", "31ab", "60", "9", "9ä"] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }
}
