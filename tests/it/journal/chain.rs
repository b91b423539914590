//! A second reading of the chain, which shares no code with the first: it takes the lines as the view `journal_lines`
//! shows them, and recomputes what docs/audit.md says.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

/// Members of a line are in the order of their names, as a `BTreeMap` has them; all names are ASCII.
pub fn canonical(line: &str) -> String {
    let mut members: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
    members.retain(|_, value| !value.is_null());
    serde_json::to_string(&members).unwrap()
}

pub type Link = (Uuid, i64, bool, Uuid, Vec<u8>);

pub async fn links(db: &PgPool) -> Vec<Link> {
    let all = "select lab_id, position, in_ledger, line_id, hash from journal_chain order by lab_id, position";
    sqlx::query_as(all).fetch_all(db).await.unwrap()
}

/// Every line stands in it once, positions have no gap, and hashes are right. Answers the links.
pub async fn assert_whole(db: &PgPool) -> Vec<Link> {
    let lines: Vec<(Uuid, bool, Uuid, String)> =
        sqlx::query_as("select lab_id, in_ledger, id, line from journal_lines").fetch_all(db).await.unwrap();
    let links = links(db).await;
    assert_eq!(links.len(), lines.len());
    let lines: BTreeMap<_, _> =
        lines.into_iter().map(|(lab, in_ledger, id, line)| ((lab, in_ledger, id), line)).collect();
    let chained: BTreeSet<_> = links.iter().map(|(lab, _, in_ledger, id, _)| (*lab, *in_ledger, *id)).collect();
    assert!(chained.iter().eq(lines.keys()), "each line is in the chain once");
    let mut head = (Uuid::max(), 0, vec![0; 32]);
    for (lab, position, in_ledger, id, hash) in &links {
        if head.0 != *lab {
            head = (*lab, 0, vec![0; 32]);
        }
        assert_eq!(*position, head.1 + 1, "lab {lab}");
        let line = canonical(&lines[&(*lab, *in_ledger, *id)]);
        let expected = digest(&SHA256, &[head.2.as_slice(), line.as_bytes()].concat());
        assert_eq!(hash, expected.as_ref(), "position {position}: {line}");
        head = (*lab, *position, hash.clone());
    }
    links
}
