//! Where the chain ends: lines that have no position, and heads that were told.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{number, tamper, write};
use crate::{
    contract::statements::Statements,
    support::{Client, TestApp, log},
};

/// A lab with nine lines, and its manager.
async fn nine_lines(db: PgPool) -> (TestApp, Client) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for _ in 0..9 {
        write(&mut by_hand, app.lab).await.unwrap();
        number(&app).await;
    }
    (app, manager)
}

async fn verify(app: &TestApp, manager: &Client, query: &str) -> Value {
    manager.get(&app.path(&format!("/audit/verify{query}"))).await.ok()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_asks_from_above_the_head_makes_nobody_read_lines(db: PgPool) {
    let (app, manager) = nine_lines(db).await;
    for query in ["?from=11", "?from=9000000000"] {
        let (statements, _heard) = Statements::start();
        verify(&app, &manager, query).await;
        let read: Vec<_> = statements.take().into_iter().filter(|it| it.contains("journal_lines")).collect();
        assert_eq!(read, Vec::<String>::new(), "{query}");
    }
}

/// More than a call looks at, of which all but the oldest have a position.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_without_a_position_are_looked_for_in_several_calls_where_there_are_many(db: PgPool) {
    let (app, manager) = nine_lines(db).await;
    let lab = app.lab;
    let oldest = Uuid::from_u128(1);
    let many = format!(
        "insert into journal (lab_id, id, xid, kind, subject, changes, by_system, at)
        select '{lab}', ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 5, 'location.moved', '{lab}',
            '{{}}', 'sweep', now()
        from generate_series(1, 100500) n;
        insert into journal_chain (lab_id, position, in_ledger, line_id, hash)
        select lab_id, -row_number() over (), false, id, '\\x{}' from journal where xid = 5 and id <> '{oldest}'",
        "00".repeat(32)
    );
    tamper(&app, &many).await;
    let first = verify(&app, &manager, "?from=9").await;
    assert_eq!((&first["checked"], &first["fault"], &first["next_from"]), (&json!(1), &Value::Null, &Value::Null));
    let next = first["next_from_line"].as_str().unwrap_or_else(|| panic!("goes on: {first}"));
    let last = verify(&app, &manager, &format!("?from_line={next}")).await;
    let fault = json!({"kind": "line_without_position", "position": null, "line_id": oldest});
    assert_eq!((&last["fault"], &last["next_from_line"]), (&fault, &Value::Null));
    tamper(&app, &format!("delete from journal where id = '{oldest}'")).await;
    let last = verify(&app, &manager, &format!("?from_line={next}")).await;
    assert_eq!((&last["fault"], &last["next_from_line"]), (&Value::Null, &Value::Null));
    for query in ["?from_line=x", "?from=1&from_line=00000000-0000-0000-0000-000000000001"] {
        let problem = manager.get(&app.path(&format!("/audit/verify{query}"))).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "?from_line", "{query}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_of_another_servers_time_is_missed_at_the_end_of_the_chain_as_any_other(db: PgPool) {
    let (app, manager) = nine_lines(db).await;
    let lab = app.lab;
    // As after a restore: all lines have numbers that this server has not given out.
    tamper(&app, "update journal set xid = xid + 1000000000; update journal_notary set generation = 'another'").await;
    number(&app).await;
    assert_eq!(verify(&app, &manager, "").await["fault"], Value::Null);
    let last = format!("select line_id from journal_chain where lab_id = '{lab}' and position = 9");
    let last: Uuid = sqlx::query_scalar(sqlx::AssertSqlSafe(last)).fetch_one(&app.db).await.unwrap();
    tamper(&app, &format!("delete from journal_chain where lab_id = '{lab}' and position = 9")).await;
    let found = verify(&app, &manager, "").await;
    assert_eq!(found["fault"], json!({"kind": "line_without_position", "position": null, "line_id": last}));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_with_a_number_that_no_transaction_has_is_named(db: PgPool) {
    let (app, manager) = nine_lines(db).await;
    let forged = write(&mut app.db.acquire().await.unwrap(), app.lab).await.unwrap();
    tamper(&app, &format!("update journal set xid = {} where id = '{forged}'", i64::MAX)).await;
    number(&app).await;
    let found = verify(&app, &manager, "").await;
    assert_eq!(found["fault"], json!({"kind": "line_without_position", "position": null, "line_id": forged}));
}

async fn tell(app: &TestApp) -> String {
    let (log, _heard) = log::start();
    chemstock::journal::notary::tell_heads(app.app.clone()).await.unwrap();
    log.text()
}

const OTHER: &str = "is not the one that was told";

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_chain_that_fits_but_is_not_the_one_that_was_told_is_named_and_logged(db: PgPool) {
    let (app, manager) = nine_lines(db).await;
    let (lab, mut by_hand) = (app.lab, app.db.acquire().await.unwrap().detach());
    assert!(!tell(&app).await.contains(OTHER));
    for _ in 0..3 {
        write(&mut by_hand, lab).await.unwrap();
    }
    number(&app).await;
    assert!(!tell(&app).await.contains(OTHER));
    assert_eq!(verify(&app, &manager, "").await["fault"], Value::Null);
    // The lines from position 5 on are removed, and others come in their place.
    tamper(
        &app,
        &format!(
            "delete from journal where id in (
                select line_id from journal_chain where lab_id = '{lab}' and position >= 5
            );
            delete from journal_chain where lab_id = '{lab}' and position >= 5"
        ),
    )
    .await;
    let fault = |position: i64, line: Value| json!({"kind": "other_head", "position": position, "line_id": line});
    let found = verify(&app, &manager, "").await;
    assert_eq!((&found["fault"], &found["checked"]), (&fault(9, Value::Null), &json!(4)));
    assert!(tell(&app).await.contains(OTHER));
    let mut lines = Vec::new();
    for _ in 0..8 {
        lines.push(write(&mut by_hand, lab).await.unwrap());
        number(&app).await;
    }
    for (query, position, checked) in [("", 9, 8), ("?from=6", 9, 3), ("?from=10", 12, 2), ("?from=12&to=12", 12, 0)] {
        let found = verify(&app, &manager, query).await;
        let line = json!(lines[usize::try_from(position - 5).unwrap()]);
        assert_eq!((&found["fault"], &found["checked"]), (&fault(position, line), &json!(checked)), "{query}");
    }
    for query in ["?to=8", "?from=10&to=11"] {
        assert_eq!(verify(&app, &manager, query).await["fault"], Value::Null, "{query}");
    }
    let said = tell(&app).await;
    assert!(said.contains(OTHER) && said.contains("ERROR"), "{said}");
}
