//! Which transactions have ended, as Postgres tells it: all below a number, but those that were in progress. One that
//! rolled back is among the ended; it has left no line.

use anyhow::Context as _;

use crate::base::error::Result;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub below: i64,
    /// In rising order.
    pub in_progress: Vec<i64>,
}

impl Snapshot {
    /// From the text of a `pg_snapshot`: `xmin:xmax:xip,xip`.
    pub fn parse(text: &str) -> Result<Self> {
        let parsed = || {
            let (_, rest) = text.split_once(':')?;
            let (below, in_progress) = rest.split_once(':')?;
            let numbers = in_progress.split(',').filter(|number| !number.is_empty()).map(str::parse);
            Some(Self { below: below.parse().ok()?, in_progress: numbers.collect::<std::result::Result<_, _>>().ok()? })
        };
        Ok(parsed().with_context(|| format!("Postgres tells the snapshot {text}"))?)
    }

    #[cfg(test)]
    fn shows(&self, xid: i64) -> bool {
        xid < self.below && !self.in_progress.contains(&xid)
    }

    /// How far somebody is who had done what this one shows, and now has done also what a later one shows; of that
    /// only the transactions below `reached`, where it was too much for once.
    pub fn advanced(&self, later: &Self, reached: Option<i64>) -> Self {
        let reached = reached.unwrap_or(later.below);
        let left_before = self.in_progress.iter().filter(|xid| **xid >= reached || later.in_progress.contains(*xid));
        let left_since = later.in_progress.iter().filter(|xid| (self.below..reached).contains(*xid));
        Self { below: self.below.max(reached), in_progress: left_before.chain(left_since).copied().collect() }
    }

    /// As if these had not ended yet.
    pub fn without(mut self, xids: impl IntoIterator<Item = i64>) -> Self {
        self.in_progress.extend(xids.into_iter().filter(|xid| *xid < self.below));
        self.in_progress.sort_unstable();
        self.in_progress.dedup();
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    #[test]
    fn a_snapshot_is_read_from_the_text_of_postgres() {
        let snapshot = |below, in_progress: &[i64]| Snapshot { below, in_progress: in_progress.to_vec() };
        assert_eq!(Snapshot::parse("10:10:").unwrap(), snapshot(10, &[]));
        assert_eq!(Snapshot::parse("10:20:10,14,15").unwrap(), snapshot(20, &[10, 14, 15]));
        assert!(["", "10", "10:20", "10:x:", "10:20:a"].iter().all(|text| Snapshot::parse(text).is_err()));
    }

    /// Two moments of one server: what has ended stays so.
    fn moments() -> impl Strategy<Value = (Snapshot, Snapshot)> {
        (0..40_i64, 0..40_i64, btree_set(0..80_i64, 0..20), btree_set(0..80_i64, 0..20)).prop_map(
            |(below, more, before, after)| {
                let before: Vec<_> = before.into_iter().filter(|xid| *xid < below).collect();
                let later = below + more;
                let is_open = |xid: &i64| *xid < later && (*xid >= below || before.contains(xid));
                let after = after.into_iter().filter(is_open).collect();
                (Snapshot { below, in_progress: before }, Snapshot { below: later, in_progress: after })
            },
        )
    }

    proptest! {
        #[test]
        fn done_is_what_was_done_and_what_a_later_moment_shows_up_to_where_it_was_cut(
            (before, later) in moments(), cut in proptest::option::of(0..80_i64)
        ) {
            let cut = cut.filter(|cut| *cut < later.below);
            let after = before.advanced(&later, cut);
            for xid in 0..100 {
                let done = before.shows(xid) || (later.shows(xid) && cut.is_none_or(|cut| xid < cut));
                prop_assert_eq!(after.shows(xid), done, "{} of {:?}", xid, after);
            }
            prop_assert!(after.in_progress.is_sorted());
        }

        #[test]
        fn what_is_left_for_later_is_not_done((before, later) in moments(), left in btree_set(0..100_i64, 0..20)) {
            let after = before.advanced(&later, None);
            let less = after.clone().without(left.iter().copied());
            for xid in 0..100 {
                prop_assert_eq!(less.shows(xid), after.shows(xid) && !left.contains(&xid), "{} of {:?}", xid, less);
            }
            prop_assert!(less.in_progress.is_sorted());
        }
    }
}
