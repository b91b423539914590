//! Recomputes the chain of a lab and names the first place that does not fit.

mod store;

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    canonical::{Hash, NO_HASH, chained},
    lines::{self, Key},
};
use crate::{
    auth::{Auth, Manager, Owner},
    base::{
        error::{Error, Field, Result},
        secrets::hex,
    },
};

/// Of one call.
pub const MOST_LINES: i64 = 100_000;
/// A statement reads so many; between two the connection is free for others.
const PAGE: i64 = 1_000;
/// Then it stops, so that the answer comes before a request times out.
const LONGEST: Duration = Duration::from_secs(10);

/// The end of a chain: it stands for all lines up to there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditHead)]
pub struct Head {
    /// 0 when there is no line yet.
    #[schema(example = 4711)]
    pub position: i64,
    /// SHA-256 in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub hash: String,
}

/// What was recomputed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerification)]
pub struct Verification {
    pub head: Head,
    /// How many lines fit, from `from` on.
    pub checked: i64,
    /// The first that does not fit; null when all fit.
    #[schema(required = true)]
    pub fault: Option<Fault>,
    /// Send it as `from` to go on; null when all that was asked for was looked at, or a fault was found.
    #[schema(required = true)]
    pub next_from: Option<i64>,
}

/// The first place of a chain that does not fit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditFault)]
pub struct Fault {
    /// `gap`: nothing stands at this position, though something stands behind it. `missing_line`: the line is gone.
    /// `changed_line`: it is not the one that was hashed. `changed_hash`: the hash is not the one that the next was made
    /// with. `changed_line_or_hash`: nothing behind it says which. `line_without_position`: its place, at the end of the
    /// chain, was removed.
    pub kind: FaultKind,
    /// Null for a line that has none.
    #[schema(required = true)]
    pub position: Option<i64>,
    /// The line that stands there, or should have a position; null for a gap at the end of what is there.
    #[schema(required = true)]
    pub line_id: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditFaultKind)]
pub enum FaultKind {
    /// Nothing stands at this position, though something stands behind it: `line_id` is the next line.
    Gap,
    /// The line of this position is gone.
    MissingLine,
    /// The line of this position is not the one that was hashed.
    ChangedLine,
    /// The hash of this position is not the one that the next was made with.
    ChangedHash,
    /// The line of this position or its hash was changed; the positions behind do not tell which.
    ChangedLineOrHash,
    /// A line that was visible long enough has no position.
    LineWithoutPosition,
}

struct Link {
    position: i64,
    key: Key,
    hash: Hash,
}

pub async fn head_of_lab(by: &Auth<Manager>) -> Result<Head> {
    head(by, by.lab_id()).await
}

pub async fn head_of_installation(by: &Auth<Owner>) -> Result<Head> {
    head(by, super::NO_LAB).await
}

async fn head<R>(by: &Auth<R>, lab_id: Uuid) -> Result<Head> {
    let head = store::head(&mut *by.reports().await?, lab_id).await?;
    let (position, hash) = head.unwrap_or((0, NO_HASH));
    Ok(Head { position, hash: hex(&hash) })
}

/// First and last position.
#[derive(Debug, Default)]
pub struct Range {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

pub async fn verify_lab(by: &Auth<Manager>, range: Range) -> Result<Verification> {
    verify(by, by.lab_id(), range).await
}

pub async fn verify_installation(by: &Auth<Owner>, range: Range) -> Result<Verification> {
    verify(by, super::NO_LAB, range).await
}

async fn verify<R>(by: &Auth<R>, lab_id: Uuid, range: Range) -> Result<Verification> {
    let from = range.from.unwrap_or(1);
    if from < 1 {
        return Err(Error::Invalid(vec![Field::new("?from", "must be 1 or more")]));
    }
    let most = from.saturating_add(MOST_LINES - 1);
    let to = range.to.unwrap_or(i64::MAX);
    if to < from {
        return Err(Error::Invalid(vec![Field::new("?to", "must not be less than from")]));
    }
    let head = head(by, lab_id).await?;
    let mut walk = Walk { lab_id, before: NO_HASH, last: from - 1 };
    let fault = walk.check(by, to.min(most)).await?;
    let is_end = walk.last >= head.position;
    let fault =
        match fault {
            None if is_end => store::find_without_position(&mut *by.reports().await?, lab_id)
                .await?
                .map(|line_id| Fault { kind: FaultKind::LineWithoutPosition, position: None, line_id: Some(line_id) }),
            fault => fault,
        };
    let next_from = (fault.is_none() && !is_end && walk.last < to).then_some(walk.last + 1);
    Ok(Verification { head, checked: walk.last + 1 - from, fault, next_from })
}

/// Up to `last` all is well, and `before` is the hash there.
struct Walk {
    lab_id: Uuid,
    before: Hash,
    last: i64,
}

impl Walk {
    async fn check<R>(&mut self, by: &Auth<R>, to: i64) -> Result<Option<Fault>> {
        let begun = Instant::now();
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
