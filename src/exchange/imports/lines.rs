//! The lines that a warning is about.

use std::fmt;

/// The lines of one warning, as a list may have the same thing a thousand times.
#[derive(Default)]
pub struct Lines {
    first: Vec<u64>,
    more: u64,
}

impl Lines {
    pub const SHOWN: u64 = 5;

    /// The first of so many, at most as many as are told.
    pub fn of(first: impl Iterator<Item = u64>, all: u64) -> Self {
        let first: Vec<_> = (0..Self::SHOWN).zip(first).map(|(_, line)| line).collect();
        let more = all.saturating_sub(first.len() as u64);
        Self { first, more }
    }

    pub fn count(&self) -> u64 {
        self.first.len() as u64 + self.more
    }

    pub fn first(&self) -> Option<u64> {
        self.first.first().copied()
    }

    pub fn add(&mut self, line: u64) {
        if (self.first.len() as u64) < Self::SHOWN { self.first.push(line) } else { self.more += 1 }
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
