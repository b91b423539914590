//! Recomputes the chain of a lab and names the first place that does not fit.

mod store;
mod walk;

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use self::walk::Walk;
use super::{
    canonical::{Hash, NO_HASH},
    lines::Key,
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
    /// How many lines fit, from `from` on; 0 where `from_line` was sent.
    pub checked: i64,
    /// The first that does not fit; null when all fit.
    #[schema(required = true)]
    pub fault: Option<Fault>,
    /// Send it as `from` to go on; null when all that was asked for was looked at, or a fault was found.
    #[schema(required = true)]
    pub next_from: Option<i64>,
    /// Lines without a position are still to be looked for, from this one on: send it as `from_line`. Null when all of
    /// them were looked at, none were to be, or a fault was found.
    #[schema(required = true)]
    pub next_from_line: Option<Uuid>,
}

/// The first place of a chain that does not fit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditFault)]
pub struct Fault {
    /// `gap`: nothing stands at this position, though something stands behind it. `missing_line`: the line is gone.
    /// `changed_line`: it is not the one that was hashed. `changed_hash`: the hash is not the one that the next was
    /// made with. `changed_line_or_hash`: nothing behind it says which. `line_without_position`: its place, at the end
    /// of the chain, was removed. `other_head`: the chain may fit, but its head was once told with another hash at this
    /// position.
    pub kind: FaultKind,
    /// Null for a line that has none.
    #[schema(required = true)]
    pub position: Option<i64>,
    /// The line that stands there, or should have a position; null where nothing stands there.
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
    /// The head that was told to the log at this position had another hash.
    OtherHead,
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

/// First and last position; or the line from which on lines without a position are looked for, the newest first.
#[derive(Debug, Default)]
pub struct Range {
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub from_line: Option<Uuid>,
}

pub async fn verify_lab(by: &Auth<Manager>, range: Range) -> Result<Verification> {
    verify(by, by.lab_id(), range).await
}

pub async fn verify_installation(by: &Auth<Owner>, range: Range) -> Result<Verification> {
    verify(by, super::NO_LAB, range).await
}

async fn verify<R>(by: &Auth<R>, lab_id: Uuid, range: Range) -> Result<Verification> {
    let (begun, head) = (Instant::now(), head(by, lab_id).await?);
    if let Some(from_line) = range.from_line {
        if range.from.is_some() || range.to.is_some() {
            return Err(Error::Invalid(vec![Field::new("?from_line", "must come without from and to")]));
        }
        let (fault, next_from_line) = find_unplaced(by, lab_id, from_line, MOST_LINES, begun).await?;
        return Ok(Verification { head, checked: 0, fault, next_from: None, next_from_line });
    }
    let from = range.from.unwrap_or(1);
    if from < 1 {
        return Err(Error::Invalid(vec![Field::new("?from", "must be 1 or more")]));
    }
    let to = range.to.unwrap_or(i64::MAX);
    if to < from {
        return Err(Error::Invalid(vec![Field::new("?to", "must not be less than from")]));
    }
    let mut walk = Walk { lab_id, before: NO_HASH, last: from - 1 };
    let fault = walk.check(by, to.min(from.saturating_add(MOST_LINES - 1)), begun).await?;
    let is_end = walk.last >= head.position;
    let heads_to = if is_end { to } else { walk.last };
    let other_head = store::find_other_head(&mut *by.reports().await?, lab_id, from, heads_to).await?;
    let mut checked = walk.last + 1 - from;
    // A head within what fits comes before the fault that ended the walk, and one behind the end after it.
    let other_head = other_head.filter(|(position, _)| fault.is_none() || *position <= walk.last);
    if let Some((position, line_id)) = other_head {
        checked = checked.min(position - from);
        let fault = Some(Fault { kind: FaultKind::OtherHead, position: Some(position), line_id });
        return Ok(Verification { head, checked, fault, next_from: None, next_from_line: None });
    }
    if fault.is_none() && is_end && from <= head.position.max(1) {
        let (fault, next_from_line) = find_unplaced(by, lab_id, Uuid::max(), MOST_LINES - checked, begun).await?;
        return Ok(Verification { head, checked, fault, next_from: None, next_from_line });
    }
    let next_from = (fault.is_none() && !is_end && walk.last < to).then_some(walk.last + 1);
    Ok(Verification { head, checked, fault, next_from, next_from_line: None })
}

/// Looks at so many lines for one without a position, the newest first, as those at the end of the chain are. Says
/// where to go on, if there are more.
async fn find_unplaced<R>(
    by: &Auth<R>,
    lab_id: Uuid,
    mut from: Uuid,
    most: i64,
    begun: Instant,
) -> Result<(Option<Fault>, Option<Uuid>)> {
    let mut left = most;
    while left > 0 && begun.elapsed() < LONGEST {
        let page = store::find_unplaced(&mut *by.reports().await?, lab_id, from, PAGE).await?;
        if page.unplaced.is_some() {
            let fault = Fault { kind: FaultKind::LineWithoutPosition, position: None, line_id: page.unplaced };
            return Ok((Some(fault), None));
        }
        // One of the journal and one of the ledger may have one id: the last is looked at once more.
        let Some(last) = page.last.filter(|_| page.lines >= PAGE) else { return Ok((None, None)) };
        (from, left) = (last, left - page.lines);
    }
    Ok((None, Some(from)))
}
