//! The lines that a warning is about.

use std::fmt;

/// The lines of one warning, as a list may have the same thing a thousand times.
#[derive(Default)]
pub struct Lines {
    first: Vec<u64>,
    more: u64,
}

impl Lines {
    const SHOWN: usize = 5;

    pub fn first(&self) -> Option<u64> {
        self.first.first().copied()
    }

    pub fn add(&mut self, line: u64) {
        if self.first.len() < Self::SHOWN { self.first.push(line) } else { self.more += 1 }
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: Vec<_> = self.first.iter().map(u64::to_string).collect();
        f.write_str(if first.len() == 1 { "line " } else { "lines " })?;
        f.write_str(&first.join(", "))?;
        if self.more > 0 { write!(f, " and {} more", self.more) } else { Ok(()) }
    }
}
