//! What people see of the lines.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{a_bottle, number, write};
use crate::{
    contract::statements::Statements,
    stock::containers::{location, withdraw},
    support::{Client, TestApp},
};

/// All pages.
async fn all(by: &Client, path: &str) -> Vec<Value> {
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = by.get(&format!("{path}{cursor}")).await.ok();
        lines.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { return lines };
        cursor = format!("{}cursor={next}", if path.contains('?') { '&' } else { '?' });
    }
}

fn positions(lines: &[Value]) -> Vec<i64> {
    lines.iter().map(|line| line["position"].as_i64().unwrap()).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_of_a_bottle_shows_what_it_changed_and_by_whom(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, bottle) = a_bottle(&app).await;
    let shelf = location(&app, None, "building", "B").await;
    let events = app.path(&format!("/containers/{bottle}/events"));
    manager.post(&events, withdraw("12.5", "mL")).await.created();
    let moved = manager.post(&events, json!({"type": "move", "location_id": shelf})).await.created();
    number(&app).await;
    let lines = all(&manager, &app.path("/audit")).await;
    assert_eq!(positions(&lines), [3, 2, 1]);
    let by = json!({"user_id": manager.user_id, "name": "Somebody", "system": null, "for": null});
    for (line, kind, changes) in [
        (&lines[0], "container.move", json!({"location_id": [null, shelf]})),
        (&lines[1], "container.withdraw", json!({"amount": ["100", "87.5"], "state": ["in_stock", "opened"]})),
        (&lines[2], "container.receive", json!({"amount": [null, "100"], "state": [null, "in_stock"]})),
    ] {
        assert_eq!((&line["kind"], &line["subject"], &line["by"]), (&json!(kind), &json!(bottle), &by), "{line}");
        for (name, change) in changes.as_object().unwrap() {
            assert_eq!(&line["changes"][name], change, "{line}");
        }
    }
    assert_eq!(lines[0]["id"], moved["event"]["id"]);
    assert_eq!(lines[0]["at"], moved["event"]["recorded_at"]);
}

/// Ten lines of the journal, of two subjects by turns; the clock of the lines moves on by an hour each.
async fn ten_lines(app: &TestApp, by: &Client) -> [Uuid; 2] {
    let subjects = [Uuid::now_v7(), Uuid::now_v7()];
    for n in 0..10 {
        sqlx::query(
            "insert into journal (lab_id, id, kind, subject, changes, by_user, session_id, request_id, at)
            values ($1, $2, $3, $4, '{\"name\": [\"a\", \"b\"]}', $5, $2, 'request', $6)",
        )
        .bind(app.lab)
        .bind(Uuid::now_v7())
        .bind(if n % 5 == 0 { "location.closed" } else { "location.moved" })
        .bind(subjects[n % 2])
        .bind(by.user_id)
        .bind(app.now())
        .execute(&app.db)
        .await
        .unwrap();
        app.advance(TimeDelta::hours(1));
    }
    number(app).await;
    subjects
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_come_newest_first_in_pages_and_by_what_is_asked_for(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, other) = (app.client("manager").await, app.client("member").await);
    let start = app.now();
    let subjects = ten_lines(&app, &other).await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    write(&mut by_hand, app.lab).await.unwrap();
    number(&app).await;
    let manager = app.signed_in(&manager).await;
    let from = (start + TimeDelta::hours(7)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let (subject, person) = (subjects[0], other.user_id);
    for (query, expected) in [
        (String::new(), vec![11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("?limit=3".to_owned(), vec![11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        (format!("?subject={subject}&limit=2"), vec![9, 7, 5, 3, 1]),
        (format!("?by={person}&limit=1"), vec![10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("?kind=location.closed".to_owned(), vec![6, 1]),
        (format!("?by={person}&from={from}"), vec![10, 9, 8]),
        (format!("?subject={subject}&kind=location.closed&by={person}"), vec![1]),
        (format!("?by={}", manager.user_id), vec![]),
        ("?kind=container.opened".to_owned(), vec![]),
    ] {
        assert_eq!(positions(&all(&manager, &app.path(&format!("/audit{query}"))).await), expected, "{query}");
    }
    for kind in ["location.movd", "location", "no.such"] {
        let problem = manager.get(&app.path(&format!("/audit?kind={kind}"))).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "?kind", "{problem}");
    }
    let line = &all(&manager, &app.path("/audit?kind=location.closed")).await[0];
    assert_eq!(line["changes"], json!({"name": ["a", "b"]}));
    assert_eq!((&line["request_id"], &line["session_id"]), (&json!("request"), &line["id"]));
    let line = &all(&manager, &app.path("/audit")).await[0];
    assert_eq!(line["by"], json!({"user_id": null, "name": null, "system": "sweep", "for": null}));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_page_looks_at_so_many_lines_and_no_further(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, other) = (app.client("manager").await, app.client("member").await);
    ten_lines(&app, &other).await;
    sqlx::query(
        "insert into journal (lab_id, id, kind, subject, changes, by_system, at)
        select $1, gen_random_uuid(), 'location.moved', $1, '{}', 'sweep', $2 from generate_series(1, 25000)",
    )
    .bind(app.lab)
    .bind(app.now())
    .execute(&app.db)
    .await
    .unwrap();
    number(&app).await;
    let manager = app.signed_in(&manager).await;
    let (statements, _heard) = Statements::start();
    let page = manager.get(&app.path("/audit?kind=location.closed")).await.ok();
    assert!(statements.take().len() <= 3);
    assert_eq!(page["items"], json!([]));
    assert!(page["next_cursor"].is_string(), "{page}");
    assert_eq!(positions(&all(&manager, &app.path("/audit?kind=location.closed")).await), [6, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_head_that_was_told_ends_a_search_for_what_is_younger(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, other) = (app.client("manager").await, app.client("member").await);
    ten_lines(&app, &other).await;
    // Drains until nothing is left to tell.
    app.drain().await;
    let told: Vec<(Uuid, i64)> =
        sqlx::query_as("select lab_id, position from journal_heads").fetch_all(&app.db).await.unwrap();
    assert_eq!(told, [(app.lab, 10)]);
    app.advance(TimeDelta::days(1));
    ten_lines(&app, &other).await;
    let manager = app.signed_in(&manager).await;
    for (hours, expected) in [(9, vec![20, 19, 18, 17, 16, 15, 14, 13, 12, 11]), (2, vec![20, 19, 18]), (0, vec![20])] {
        let from = app.now() - TimeDelta::hours(hours) - TimeDelta::minutes(90);
        let from = from.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let found = all(&manager, &app.path(&format!("/audit?from={from}"))).await;
        assert_eq!(positions(&found), expected, "{hours}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn managers_see_the_audit_of_their_lab_and_of_no_other(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let member = app.client("member").await;
    let manager = app.client("manager").await;
    ten_lines(&app, &member).await;
    let (member, manager) = (app.signed_in(&member).await, app.signed_in(&manager).await);
    for path in ["/audit", "/audit/head", "/audit/verify"] {
        member.get(&app.path(path)).await.problem(403, "forbidden");
        manager.get(&app.path(path)).await.ok();
    }
    app.new_lab("Another").await;
    for path in ["/audit", "/audit/head", "/audit/verify"] {
        manager.get(&app.path(path)).await.problem(404, "not-found");
    }
    for path in ["/v1/admin/audit", "/v1/admin/audit/head", "/v1/admin/audit/verify"] {
        manager.get(path).await.problem(403, "forbidden");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_sees_the_journal_of_the_installation_and_the_logins_beside_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let (owner, person) = (app.owner().await, app.stranger().await);
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for _ in 0..3 {
        write(&mut by_hand, Uuid::nil()).await.unwrap();
    }
    sqlx::query(
        "insert into login_events (id, at, kind, outcome, user_id, address)
        select gen_random_uuid(), $1, k, 'done', $2, '198.51.100.0/24'
        from unnest(array['logged_in', 'logged_in', 'session_ended']) k",
    )
    .bind(app.now())
    .bind(person.user_id)
    .execute(&app.db)
    .await
    .unwrap();
    number(&app).await;
    assert_eq!(positions(&all(&owner, "/v1/admin/audit?limit=2").await), [3, 2, 1]);
    assert_eq!(all(&owner, "/v1/admin/audit?source=journal&kind=location.moved").await.len(), 3);
    let logins = all(&owner, "/v1/admin/audit?source=login&limit=1").await;
    assert_eq!(logins.len(), 3);
    let found = all(&owner, "/v1/admin/audit?source=login&kind=login.session_ended").await;
    let [line] = &found[..] else { panic!("{found:?}") };
    assert_eq!(line["changes"], json!({"outcome": [null, "done"], "address": [null, "198.51.100.0/24"]}));
    assert_eq!(
        (&line["position"], &line["kind"], &line["subject"]),
        (&Value::Null, &json!("login.session_ended"), &json!(person.user_id))
    );
    assert_eq!(all(&owner, &format!("/v1/admin/audit?source=login&by={}", owner.user_id)).await.len(), 0);
    assert_eq!(all(&owner, "/v1/admin/login-events").await.len(), 3);

    let cursor = owner.get("/v1/admin/audit?limit=1").await.ok()["next_cursor"].as_str().unwrap().to_owned();
    for (query, name) in [
        (format!("source=login&cursor={cursor}"), "?cursor"),
        ("source=login&kind=location.moved".to_owned(), "?kind"),
        (format!("source=login&subject={}", person.user_id), "?subject"),
        ("source=elsewhere".to_owned(), "?source"),
    ] {
        let problem = owner.get(&format!("/v1/admin/audit?{query}")).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], name, "{problem}");
    }
}
