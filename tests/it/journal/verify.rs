//! What `verify` finds, and how it names it.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{a_bottle, number, tamper, write, write_event};
use crate::support::{Client, TestApp};

/// Of the lab of each test.
const LINES: i64 = 9;

/// A lab with lines of both tables.
async fn chained(db: PgPool) -> (TestApp, Client) {
    let app = TestApp::new(db).await;
    let (manager, bottle) = a_bottle(&app).await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for seq in 2..6 {
        write(&mut by_hand, app.lab).await.unwrap();
        write_event(&mut by_hand, app.lab, bottle, seq).await.unwrap();
        number(&app).await;
    }
    tamper(&app, "alter table journal drop constraint journal_by_check").await;
    tamper(&app, "alter table stock_events drop constraint stock_events_by_check").await;
    // Of another lab, in a chain of its own.
    write(&mut by_hand, Uuid::from_u128(1)).await.unwrap();
    number(&app).await;
    (app, manager)
}

async fn verify(app: &TestApp, manager: &Client, query: &str) -> Value {
    manager.get(&app.path(&format!("/audit/verify{query}"))).await.ok()
}

/// The line at a position.
async fn line_at(app: &TestApp, position: i64) -> Uuid {
    let line = "select line_id from journal_chain where lab_id = $1 and position = $2";
    sqlx::query_scalar(line).bind(app.lab).bind(position).fetch_one(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_untouched_chain_fits_from_any_position_to_any(db: PgPool) {
    let (app, manager) = chained(db).await;
    let head = manager.get(&app.path("/audit/head")).await.ok();
    assert_eq!(head["position"], LINES);
    for (query, checked) in [
        ("", LINES),
        ("?from=1", LINES),
        ("?from=4", 6),
        ("?from=4&to=6", 3),
        ("?to=9", LINES),
        ("?from=9&to=9", 1),
        ("?from=10", 0),
        ("?from=11", 0),
        ("?from=9000000000000000000", 0),
    ] {
        let found = verify(&app, &manager, query).await;
        let expected =
            json!({"head": head, "checked": checked, "fault": null, "next_from": null, "next_from_line": null});
        assert_eq!(found, expected, "{query}");
    }
    for (query, name) in [("?from=0", "?from"), ("?from=5&to=4", "?to"), ("?from=x", "?from")] {
        let problem = manager.get(&app.path(&format!("/audit/verify{query}"))).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], name, "{problem}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lab_without_lines_has_a_head_of_zeros(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let head = json!({"position": 0, "hash": "0".repeat(64)});
    assert_eq!(manager.get(&app.path("/audit/head")).await.ok(), head);
    let found = verify(&app, &manager, "").await;
    let expected = json!({"head": head, "checked": 0, "fault": null, "next_from": null, "next_from_line": null});
    assert_eq!(found, expected);
}

/// Columns of a table with how a value of each is changed; the type decides.
async fn changes(app: &TestApp, table: &str) -> Vec<(String, String)> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select column_name::text, data_type::text from information_schema.columns
        where table_name = $1 and table_schema = current_schema() order by column_name",
    )
    .bind(table)
    .fetch_all(&app.db)
    .await
    .unwrap();
    // Not hashed: the numbers of transactions do not outlive a dump and a restore.
    let columns = columns.into_iter().filter(|(name, _)| !["xid", "write_order"].contains(&name.as_str()));
    let changed = columns.map(|(name, kind)| {
        let change = match kind.as_str() {
            "uuid" => format!("md5(coalesce({name}::text, ''))::uuid"),
            "text" => format!("coalesce({name}, '') || 'x'"),
            "numeric" => format!("coalesce({name}, 0) + 0.001"),
            "integer" | "bigint" => format!("{name} + 1000"),
            "boolean" => format!("coalesce(not {name}, true)"),
            "timestamp with time zone" => format!("{name} + interval '1 microsecond'"),
            "date" => format!("coalesce({name}, '2026-01-01') + 1"),
            "jsonb" => format!("coalesce({name}, '{{}}') || '{{\"x\": 1}}'"),
            "bytea" => format!("set_byte(coalesce({name}, '\\x00'), 0, get_byte(coalesce({name}, '\\x00'), 0) # 1)"),
            other => panic!("{table}.{name} is a {other}"),
        };
        (name, change)
    });
    changed.collect()
}

/// Changes one thing, sees what is said of it, and puts it back.
async fn assert_named(app: &TestApp, manager: &Client, sql: &str, position: Option<i64>, kinds: &[&str]) {
    tamper(
        app,
        "create table kept_journal as select * from journal; create table kept_events as select * from stock_events;
        create table kept_chain as select * from journal_chain",
    )
    .await;
    tamper(app, sql).await;
    let found = verify(app, manager, "").await;
    let fault = &found["fault"];
    assert!(kinds.iter().any(|kind| fault["kind"] == *kind), "{sql}: {found}");
    assert_eq!(fault["position"], json!(position), "{sql}: {found}");
    assert_eq!(found["next_from"], Value::Null, "{sql}: {found}");
    if let Some(position) = position {
        assert_eq!(found["checked"], position - 1, "{sql}: {found}");
    }
    tamper(
        app,
        "delete from journal; delete from stock_events; delete from journal_chain;
        insert into journal select * from kept_journal; insert into stock_events select * from kept_events;
        insert into journal_chain select * from kept_chain;
        drop table kept_journal, kept_events, kept_chain",
    )
    .await;
    assert_eq!(verify(app, manager, "").await["fault"], Value::Null, "{sql}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_change_of_any_column_of_a_line_is_found_and_named(db: PgPool) {
    let (app, manager) = chained(db).await;
    // Lines of the journal stand at even positions, those of the ledger at odd ones.
    for (table, at) in [("journal", 4), ("stock_events", 5), ("journal", 2), ("stock_events", LINES)] {
        let id = line_at(&app, at).await;
        let columns = changes(&app, table).await;
        assert!(columns.len() > 10);
        for (column, change) in columns {
            let kinds: &[_] = if ["id", "lab_id"].contains(&&*column) {
                &["missing_line"]
            } else if at == LINES {
                &["changed_line_or_hash"]
            } else {
                &["changed_line"]
            };
            let sql = format!("update {table} set {column} = {change} where id = '{id}'");
            assert_named(&app, &manager, &sql, Some(at), kinds).await;
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_change_of_any_column_of_the_chain_is_found_and_named(db: PgPool) {
    let (app, manager) = chained(db).await;
    for at in [1, 5, LINES] {
        for (column, change) in changes(&app, "journal_chain").await {
            let sql = format!(
                "update journal_chain set {column} = {change} where lab_id = '{}' and position = {at}",
                app.lab
            );
            let is_last = at == LINES;
            let (position, kinds): (_, &[_]) = match column.as_str() {
                // What stood last leaves no gap, but a line that has no position.
                "lab_id" if is_last => (None, &["line_without_position"]),
                "lab_id" | "position" => (Some(at), &["gap"]),
                "in_ledger" | "line_id" => (Some(at), &["missing_line"]),
                "hash" if is_last => (Some(at), &["changed_line_or_hash"]),
                _ => (Some(at), &["changed_hash"]),
            };
            assert_named(&app, &manager, &sql, position, kinds).await;
        }
        let lab = app.lab;
        let below = format!("update journal_chain set position = -position where lab_id = '{lab}' and position = {at}");
        assert_named(&app, &manager, &below, Some(1), &["gap"]).await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_removed_swapped_or_put_between_is_found_and_named(db: PgPool) {
    let (app, manager) = chained(db).await;
    let lab = app.lab;
    let (journal, event, last) = (line_at(&app, 4).await, line_at(&app, 5).await, line_at(&app, LINES).await);
    let chain = |sql: &str| format!("{sql} where lab_id = '{lab}' and position");
    let swap = format!(
        "update journal_chain c set line_id = o.line_id, in_ledger = o.in_ledger
        from (select * from journal_chain where lab_id = '{lab}' and position in (4, 7)) o
        where c.lab_id = o.lab_id and c.position = 11 - o.position"
    );
    let swap = format!("alter table journal_chain drop constraint journal_chain_line_key; {swap}");
    for (sql, position, kinds) in [
        (format!("delete from journal where id = '{journal}'"), Some(4), &["missing_line"][..]),
        (format!("delete from stock_events where id = '{event}'"), Some(5), &["missing_line"]),
        (format!("delete from stock_events where id = '{last}'"), Some(LINES), &["missing_line"]),
        (format!("{} = 1", chain("delete from journal_chain")), Some(1), &["gap"]),
        (format!("{} = 6", chain("delete from journal_chain")), Some(6), &["gap"]),
        (format!("{} = 9", chain("delete from journal_chain")), None, &["line_without_position"]),
        (format!("{} > 6", chain("delete from journal_chain")), None, &["line_without_position"]),
        (format!("{} > 0", chain("delete from journal_chain")), None, &["line_without_position"]),
        (
            format!("{} = 6; delete from journal where id = '{journal}'", chain("delete from journal_chain")),
            Some(4),
            &["missing_line"],
        ),
        (
            format!(
                "insert into journal (lab_id, id, xid, kind, subject, changes, by_system, at)
                values ('{lab}', gen_random_uuid(), 5, 'location.moved', '{lab}', '{{}}', 'sweep', now())"
            ),
            None,
            &["line_without_position"],
        ),
        (swap, Some(4), &["changed_line", "changed_line_or_hash"]),
    ] {
        assert_named(&app, &manager, &sql, position, kinds).await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_that_just_came_are_no_fault(db: PgPool) {
    let (app, manager) = chained(db).await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    write(&mut by_hand, app.lab).await.unwrap();
    assert_eq!(verify(&app, &manager, "").await["fault"], Value::Null);
    // Also after a restore, until the notary has walked over all lines.
    tamper(&app, "update journal_notary set generation = 'old', below = below + 1000000").await;
    assert_eq!(verify(&app, &manager, "").await["fault"], Value::Null);
    number(&app).await;
    let found = verify(&app, &manager, "").await;
    assert_eq!((&found["checked"], &found["fault"]), (&json!(LINES + 1), &Value::Null));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_long_chain_is_recomputed_page_by_page(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    sqlx::query(
        "insert into journal (lab_id, id, kind, subject, changes, by_system, at)
        select $1, gen_random_uuid(), 'location.moved', $1, '{}', 'sweep', now() from generate_series(1, 3500)",
    )
    .bind(app.lab)
    .execute(&app.db)
    .await
    .unwrap();
    number(&app).await;
    for (query, checked) in [("", 3_500), ("?from=1001", 2_500), ("?from=1000&to=2000", 1_001), ("?to=1000", 1_000)] {
        let found = verify(&app, &manager, query).await;
        assert_eq!((&found["checked"], &found["fault"]), (&json!(checked), &Value::Null), "{query}");
    }
    for at in [1_000, 1_001, 2_001, 3_499] {
        let line = line_at(&app, at).await;
        tamper(&app, &format!("update journal set kind = 'location.closed' where id = '{line}'")).await;
        let fault = &verify(&app, &manager, "").await["fault"];
        assert_eq!(fault, &json!({"kind": "changed_line", "position": at, "line_id": line}));
        tamper(&app, &format!("update journal set kind = 'location.moved' where id = '{line}'")).await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_verifies_what_belongs_to_no_lab(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for _ in 0..3 {
        write(&mut by_hand, Uuid::nil()).await.unwrap();
    }
    number(&app).await;
    assert_eq!(owner.get("/v1/admin/audit/head").await.ok()["position"], 3);
    let found = owner.get("/v1/admin/audit/verify").await.ok();
    assert_eq!((&found["checked"], &found["fault"]), (&json!(3), &Value::Null));
    tamper(&app, "update journal set by_system = 'import' where lab_id = '00000000-0000-0000-0000-000000000000'").await;
    let found = owner.get("/v1/admin/audit/verify?from=2").await.ok();
    assert_eq!(found["fault"]["position"], 2, "{found}");
}
