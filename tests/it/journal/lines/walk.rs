//! Every operation that writes leaves the lines that stand here; one that stands nowhere fails.

use std::collections::BTreeSet;

use sqlx::PgPool;

use super::Journal;
use crate::{
    contract::{Operation, world::World},
    support::Answer,
};

/// The lines of the request that the document shows.
const LINES: &[(&str, &[&str])] = &[
    ("accept_invitation", &["invitation.used", "member.joined"]),
    ("appoint_admin", &["member.joined"]),
    ("commit_import", &["import.started"]),
    ("confirm_email_change", &["user.email_changed"]),
    ("confirm_phone_change", &["user.phone_changed"]),
    ("create_chemical", &["chemical.created"]),
    ("create_container", &["ledger: receive"]),
    ("create_import", &["import.created"]),
    ("create_invitation", &["invitation.created"]),
    ("create_lab", &["lab.created", "member.joined"]),
    ("create_location", &["location.created"]),
    ("delete_chemical", &["chemical.deleted"]),
    ("delete_chemical_overrides", &["overrides.deleted"]),
    // They are told by one who has a mailbox, in `people.rs`.
    ("delete_email", &[]),
    ("delete_location", &["location.closed"]),
    ("delete_me", &["user.deleted"]),
    ("delete_member", &["member.left"]),
    // Nothing is stopped; `people.rs` has one that is.
    ("lift_sending_stop", &[]),
    ("post_event", &["ledger: withdraw"]),
    ("post_events", &["ledger: withdraw"]),
    ("revoke_invitation", &["invitation.revoked"]),
    ("set_chemical_overrides", &["overrides.set"]),
    ("set_location_keys", &["location.keys_changed"]),
    ("set_policy", &["policy.set"]),
    ("set_sending_stop", &["sending_stop.set"]),
    ("update_account", &["user.disabled"]),
    ("update_chemical", &["chemical.changed"]),
    ("update_container", &["container.changed"]),
    ("update_lab", &["lab.changed"]),
    ("update_location", &["location.moved"]),
    ("update_me", &["user.changed"]),
    ("update_member", &["member.role_changed"]),
    ("withdraw_policy", &["policy.withdrawn"]),
];

/// Sessions, codes, the outbox and jobs. (Nor are the answers to repeated requests, tallies and login events.)
const NOT_JOURNALLED: &[&str] = &[
    "cancel_job",
    "dry_run_import",
    "end_account_sessions",
    "end_other_sessions",
    "end_session",
    "exchange_id_token",
    "log_out",
    "mint_custom_token",
    "receive_webhook",
    "refresh_tokens",
    "request_code",
    "request_email_change",
    "request_phone_change",
    "retry_job",
    "verify_code",
];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what a filter asks for")]
fn writes(operation: &&Operation) -> bool {
    operation.method != "GET"
}

fn lines_of(operation: &Operation) -> &'static [&'static str] {
    LINES.iter().find(|(id, _)| *id == operation.id).map_or(&[], |(_, lines)| *lines)
}

#[test]
fn every_operation_that_writes_says_whether_it_is_journalled() {
    let api = crate::contract::Api::read();
    let there: BTreeSet<_> = api.operations.iter().filter(writes).map(|it| it.id.as_str()).collect();
    let told = LINES.iter().map(|(id, _)| *id).chain(NOT_JOURNALLED.iter().copied());
    assert_eq!(there, told.collect::<BTreeSet<_>>());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn each_write_leaves_its_lines_and_the_same_again_none(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let mut journal = Journal::of(&world.app).await;
    for operation in operations.iter().filter(writes) {
        world.renew().await;
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        journal.take().await;
        let answer = request.send(&by).await;
        assert!(answer.status.is_success(), "{}: {}", operation.id, answer.text);
        assert_eq!(journal.kinds().await, lines_of(operation), "{}: {}", operation.id, answer.text);
        if ["PATCH", "PUT"].contains(&operation.method.as_str()) {
            let mut again = request.clone();
            again.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("if-match"));
            again.headers.push(("if-match".to_owned(), "*".to_owned()));
            again.send(&by).await.expect(200);
            assert_eq!(journal.kinds().await, Vec::<String>::new(), "{} again", operation.id);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_read_leaves_a_line(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let mut journal = Journal::of(&world.app).await;
    for operation in operations.iter().filter(|it| it.method == "GET") {
        let by = world.caller(operation).await;
        let request = world.request(operation, &by).await;
        journal.take().await;
        request.send(&by).await;
        assert_eq!(journal.kinds().await, Vec::<String>::new(), "{}", operation.id);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_with_the_same_key_leaves_one_line(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let mut journal = Journal::of(&world.app).await;
    for operation in operations.iter().filter(|it| it.takes_key() && !lines_of(it).is_empty()) {
        world.renew().await;
        let by = world.caller(operation).await;
        let mut request = world.request(operation, &by).await;
        request.headers.push(("idempotency-key".to_owned(), operation.id.clone()));
        journal.take().await;
        request.send(&by).await;
        let answer = request.send(&by).await;
        assert_eq!(answer.headers["idempotency-replayed"], "true", "{}", operation.id);
        assert_eq!(journal.kinds().await, lines_of(operation), "{}", operation.id);
    }
}

/// Every operation, by somebody who may not, with a version that is old, and with a body of nonsense.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_write_that_is_refused_leaves_no_line(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let mut journal = Journal::of(&world.app).await;
    let mut seen = BTreeSet::new();
    for operation in operations.iter().filter(writes).filter(|it| !lines_of(it).is_empty()) {
        world.renew().await;
        let (by, viewer) = (world.caller(operation).await, world.app.client("viewer").await);
        let request = world.request(operation, &by).await;
        let mut stale = request.clone();
        for (_, value) in stale.headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("if-match")) {
            "\"99\"".clone_into(value);
        }
        let mut nonsense = request.clone();
        nonsense.body = nonsense.body.map(|_| r#"{"colour": "blue"}"#.to_owned());
        journal.take().await;
        for (request, by, wanted) in [(&request, &viewer, 403), (&stale, &by, 412), (&nonsense, &by, 422)] {
            let Answer { status, .. } = request.send(by).await;
            if status.as_u16() == wanted {
                assert_eq!(journal.kinds().await, Vec::<String>::new(), "{} got {status}", operation.id);
                seen.insert(status.as_u16());
            }
            journal.take().await;
        }
    }
    assert_eq!(seen, BTreeSet::from([403, 412, 422]));
}
