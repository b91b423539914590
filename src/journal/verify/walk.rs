//! The walk along the chain, from one position to the next.

use tokio::time::Instant;
use uuid::Uuid;

use super::{Fault, FaultKind, LONGEST, Link, PAGE, store};
use crate::{
    auth::Auth,
    base::error::Result,
    journal::{
        canonical::{Hash, chained},
        lines,
    },
};

/// Up to `last` all is well, and `before` is the hash there.
pub struct Walk {
    pub lab_id: Uuid,
    pub before: Hash,
    pub last: i64,
}

impl Walk {
    /// Up to this position, or as far as it comes in the time.
    pub async fn check<R>(&mut self, by: &Auth<R>, to: i64, begun: Instant) -> Result<Option<Fault>> {
        while self.last < to && begun.elapsed() < LONGEST {
            let mut db = by.reports().await?;
            // With one before the first of all, as its hash is needed; none must stand before position 1.
            let start = if self.last == 0 { i64::MIN } else { self.last };
            let most = PAGE.min(to - self.last);
            // And one behind the last, which tells what is wrong with that.
            let mut links = store::links(&mut db, self.lab_id, start, most + 2).await?;
            if self.last > 0 {
                let Some(first) = links.first() else { return Ok(None) };
                if first.position != self.last {
                    let line_id = Some(first.key.id);
                    return Ok(Some(Fault { kind: FaultKind::Gap, position: Some(self.last), line_id }));
                }
                self.before = links.remove(0).hash;
            }
            let keys: Vec<_> = links.iter().map(|link| link.key).collect();
            let lines = lines::read(&mut db, &keys).await?;
            drop(db);
            let text = |link: &Link| lines.get(&link.key).map(|line| line.canonical.as_str());
            let checked = links.len().min(usize::try_from(most).unwrap_or(usize::MAX));
            for (n, link) in links[..checked].iter().enumerate() {
                let behind = links.get(n + 1).and_then(|next| Some((next, text(next)?)));
                if let Some(fault) = self.step(link, text(link), behind) {
                    return Ok(Some(fault));
                }
            }
            if links.len() <= checked {
                break;
            }
        }
        Ok(None)
    }

    fn step(&mut self, link: &Link, line: Option<&str>, behind: Option<(&Link, &str)>) -> Option<Fault> {
        let fault = |kind, position| Some(Fault { kind, position: Some(position), line_id: Some(link.key.id) });
        if link.position != self.last + 1 {
            return fault(FaultKind::Gap, self.last + 1);
        }
        let Some(line) = line else { return fault(FaultKind::MissingLine, link.position) };
        let computed = chained(&self.before, line);
        if computed != link.hash {
            let behind = behind.filter(|(next, _)| next.position == link.position + 1);
            let fits = |hash| behind.is_some_and(|(next, line)| chained(hash, line) == next.hash);
            let kind = match (fits(&computed), fits(&link.hash)) {
                (true, false) => FaultKind::ChangedHash,
                (false, true) => FaultKind::ChangedLine,
                _ => FaultKind::ChangedLineOrHash,
            };
            return fault(kind, link.position);
        }
        (self.last, self.before) = (link.position, link.hash);
        None
    }
}
