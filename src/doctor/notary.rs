//! Lines of the journal and the ledger that wait for their positions: no audit shows them until they have one.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sqlx::PgConnection;

use super::Finding;
use crate::journal::notary::{self, MOST_COUNTED, Waiting};

const PART: &str = "journal";

/// A server numbers lines within a second or two.
const USUAL: TimeDelta = TimeDelta::seconds(10);

/// Never a problem: a new server may be what the lines wait for, and nobody starts one where a problem was found.
pub(super) async fn look(db: &mut PgConnection, now: DateTime<Utc>) -> Option<Finding> {
    let Ok(waiting) = notary::waiting(db, now - USUAL).await else {
        let remedy = "see that the role may read journal_notary and run pg_control_system()";
        return Some(Finding::warning(PART, "does not say which lines wait for their positions", remedy));
    };
    waiting.as_ref().map(tell)
}

fn tell(Waiting { walks, count, since }: &Waiting) -> Finding {
    if *walks {
        let found =
            "the notary has to walk over all lines once, as after a restore; new lines get no position until then";
        return Finding::warning(PART, found, "let a server run, and look again in some minutes");
    }
    let Some(since) = since else {
        return Finding::ok(PART, "no line waits for its position");
    };
    let or_more = if *count >= MOST_COUNTED { " or more" } else { "" };
    let (lines, wait) = if *count == 1 { ("line", "waits") } else { ("lines", "wait") };
    let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    let found = format!("{count}{or_more} {lines} {wait} for a position, the first since {since}; no audit shows them");
    Finding::warning(PART, found, "see that a server runs; its log says at the step \"number lines\" why it fails")
}

#[cfg(test)]
mod tests {
    use super::{super::Level, *};

    #[test]
    fn what_waits_is_counted_and_what_is_not_known_is_said() {
        let since = DateTime::from_timestamp(1_795_000_000, 0);
        let said = |walks, count, since| tell(&Waiting { walks, count, since });
        assert_eq!(said(false, 0, None).level, Level::Ok);
        assert!(said(false, 1, since).found.starts_with("1 line waits for a position, the first since 2026-11-18T"));
        assert!(said(false, 2, since).found.starts_with("2 lines wait"));
        assert!(said(false, MOST_COUNTED, since).found.starts_with("10000 or more lines wait"));
        assert!(said(true, 0, None).found.contains("walk over all lines"));
        assert!([said(false, 2, since), said(true, 0, None)].iter().all(|it| it.level == Level::Warning));
    }
}
