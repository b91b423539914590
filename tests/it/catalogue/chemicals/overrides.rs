//! What a lab overrides: who may, which version, and what is refused.

use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    stock::containers::{bottle_of, chemical, path_of},
    support::{Answer, Client, TestApp},
};

pub fn of(app: &TestApp, chemical: Uuid) -> String {
    app.path(&format!("/chemicals/{chemical}/overrides"))
}

pub async fn put(by: &Client, path: &str, read: Option<&str>, body: Value) -> Answer {
    let headers: Vec<_> = read.map(|tag| ("if-match", tag)).into_iter().collect();
    by.send(Method::PUT, path, &headers, Some(body)).await
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn everybody_in_the_lab_reads_overrides_and_managers_set_them(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let (lab, acetone) = (app.lab, chemical(&app, "acetone", None, None).await);
    let path = of(&app, acetone);
    app.new_lab("Another lab").await;
    let elsewhere = app.client("admin").await;
    app.lab = lab;
    let stranger = app.stranger().await;
    for role in ["manager", "admin"] {
        let by = app.client(role).await;
        let set = put(&by, &path, None, json!({"density": "0.79"})).await.expect(201);
        app.client("viewer").await.get(&path).await.ok();
        for (role, put_and_delete) in [("viewer", 403), ("member", 403)] {
            let lower = app.client(role).await;
            lower.get(&path).await.ok();
            put(&lower, &path, Some("*"), json!({"density": "0.8"})).await.problem(put_and_delete, "forbidden");
            lower.delete(&path, "*").await.problem(put_and_delete, "forbidden");
        }
        for foreign in [&stranger, &elsewhere] {
            foreign.get(&path).await.problem(404, "not-found");
            put(foreign, &path, Some("*"), json!({"density": "0.8"})).await.problem(404, "not-found");
            foreign.delete(&path, "*").await.problem(404, "not-found");
        }
        assert_eq!(by.get(&path).await.ok(), set.body, "nothing has changed");
        by.delete(&path, &by.get(&path).await.etag()).await.expect(204);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_put_replaces_the_whole_and_says_who_and_when(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let path = of(&app, chemical(&app, "copper sulfate", None, None).await);
    let all = json!({"name": " Blue vitriol ", "density": "2.286", "molar_mass": "249.68"});
    let made = put(&manager, &path, None, all).await.created();
    assert_eq!(made["name"], "Blue vitriol");
    assert_eq!((&made["density"], &made["molar_mass"]), (&json!("2.286"), &json!("249.68")));
    assert_eq!((&made["version"], &made["updated_by"]), (&json!(1), &json!(manager.user_id)));
    app.advance(chrono::TimeDelta::minutes(1));
    let other = app.client("admin").await;
    let now = put(&other, &path, Some("\"1\""), json!({"molar_mass": "159.6", "name": null})).await.expect(200);
    assert_eq!(now.etag(), "\"2\"");
    let now = now.ok();
    assert_eq!((&now["name"], &now["density"], &now["molar_mass"]), (&Value::Null, &Value::Null, &json!("159.6")));
    assert_eq!(now["updated_by"], json!(other.user_id));
    assert!(now["updated_at"].as_str() > made["updated_at"].as_str(), "{now}");
    assert_eq!(manager.get(&path).await.ok(), now);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_change_of_what_is_there_needs_the_version_that_is_there(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let path = of(&app, chemical(&app, "acetone", None, None).await);
    let body = || json!({"density": "0.79"});
    manager.get(&path).await.problem(404, "not-found");
    manager.delete(&path, "*").await.problem(404, "not-found");
    put(&manager, &path, Some("\"1\""), body()).await.problem(412, "stale");
    assert_eq!(put(&manager, &path, None, body()).await.expect(201).etag(), "\"1\"");
    put(&manager, &path, None, body()).await.problem(428, "if-match-required");
    manager.send(Method::DELETE, &path, &[], None).await.problem(428, "if-match-required");
    put(&manager, &path, Some("\"2\""), body()).await.problem(412, "stale");
    put(&manager, &path, Some("1"), body()).await.problem(422, "invalid");
    let other = |density: &str| json!({"density": density});
    assert_eq!(put(&manager, &path, Some("\"1\""), other("0.8")).await.expect(200).etag(), "\"2\"");
    assert_eq!(put(&manager, &path, Some("*"), other("0.81")).await.expect(200).etag(), "\"3\"");
    assert_eq!(put(&manager, &path, Some("\"9\", \"3\""), other("0.82")).await.expect(200).etag(), "\"4\"");
    manager.delete(&path, "\"3\"").await.problem(412, "stale");
    let read = manager.get(&path).await;
    assert_eq!(read.etag(), "\"4\"");
    manager.send(Method::GET, &path, &[("if-none-match", &read.tag())], None).await.expect(304);
    manager.delete(&path, "\"4\"").await.expect(204);
    manager.get(&path).await.problem(404, "not-found");
    manager.delete(&path, "\"4\"").await.problem(404, "not-found");
    // Who has read what was taken away cannot take what came later for it.
    let anew = put(&manager, &path, None, body()).await.expect(201).etag();
    assert!(!["\"1\"", "\"2\"", "\"3\"", "\"4\""].contains(&&*anew), "{anew}");
    put(&manager, &path, Some("\"4\""), body()).await.problem(412, "stale");
    manager.delete(&path, "*").await.expect(204);
    put(&manager, &path, Some("*"), body()).await.expect(201);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_that_set_the_first_overrides_at_once_one_is_told_to_read(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let path = of(&app, chemical(&app, "acetone", None, None).await);
    let (one, other) = tokio::join!(
        put(&manager, &path, None, json!({"density": "0.79"})),
        put(&manager, &path, None, json!({"density": "0.78"}))
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 428]);
    let won = if one.status == 201 { one.body } else { other.body };
    assert_eq!(manager.get(&path).await.ok(), won);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn values_are_held_to_the_rules_of_the_catalogues(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let path = of(&app, chemical(&app, "acetone", None, None).await);
    let long = "x".repeat(201);
    for (body, pointers) in [
        (json!({}), vec![""]),
        (json!({"name": null, "density": null, "molar_mass": null}), vec![""]),
        (json!({"density": "0"}), vec!["/density"]),
        (json!({"density": "25.1"}), vec!["/density"]),
        (json!({"density": 0.79}), vec!["/density"]),
        (json!({"density": "0.79 g/mL"}), vec!["/density"]),
        (json!({"molar_mass": "0"}), vec!["/molar_mass"]),
        (json!({"molar_mass": "10000001"}), vec!["/molar_mass"]),
        (json!({"name": ""}), vec!["/name"]),
        (json!({"name": "\u{200b}"}), vec!["/name"]),
        (json!({"name": "safe \u{202e}dica"}), vec!["/name"]),
        (json!({"name": long, "density": "99", "molar_mass": "x"}), vec!["/name", "/density", "/molar_mass"]),
        (json!({"density": "0.79", "cas": "67-64-1"}), vec!["/cas"]),
    ] {
        let problem = put(&manager, &path, None, body.clone()).await.problem(422, "invalid");
        let told: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|it| it["pointer"].as_str()).collect();
        assert_eq!(told.len(), pointers.len(), "{body}: {problem}");
        assert!(pointers.iter().all(|it| told.contains(&Some(it))), "{body}: {problem}");
    }
    manager.get(&path).await.problem(404, "not-found");
    // A composed name is kept, and a molar mass that is not the formula's: a lab may have the hydrate.
    let salt = manager.post("/v1/chemicals", json!({"name": "copper sulfate", "formula": "CuSO4"})).await.created();
    let path = of(&app, salt["id"].as_str().unwrap().parse().unwrap());
    let set = put(&manager, &path, None, json!({"name": "Bla\u{308}u", "molar_mass": "249.68"})).await.created();
    assert_eq!((&set["name"], &set["molar_mass"]), (&json!("Bl\u{e4}u"), &json!("249.68")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_chemical_that_is_not_there_is_not_overridden(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let path = of(&app, Uuid::now_v7());
    manager.get(&path).await.problem(404, "not-found");
    for read in [None, Some("*"), Some("\"1\"")] {
        put(&manager, &path, read, json!({"density": "0.79"})).await.problem(404, "not-found");
    }
    manager.delete(&path, "*").await.problem(404, "not-found");
    manager.get(&app.path("/chemicals/acetone/overrides")).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn overrides_go_with_the_chemical_and_hold_none_in_the_catalogue(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, cataloguer) = (app.client("manager").await, app.cataloguer().await);
    let acetone = chemical(&app, "acetone", None, None).await;
    let path = of(&app, acetone);
    put(&manager, &path, None, json!({"density": "0.79"})).await.expect(201);
    let bottle = bottle_of(&app, &manager, acetone, "1", "L", json!({})).await;
    let entry = format!("/v1/chemicals/{acetone}");
    cataloguer.delete(&entry, "*").await.problem(409, "chemical-in-use");
    assert_eq!(manager.get(&path).await.ok()["density"], "0.79");
    for statement in
        ["alter table stock_events disable trigger user", "delete from stock_events", "delete from containers"]
    {
        sqlx::query(statement).execute(&app.db).await.unwrap();
    }
    manager.get(&path_of(&app, &bottle)).await.expect(404);
    cataloguer.delete(&entry, "*").await.expect(204);
    manager.get(&path).await.problem(404, "not-found");
    let left = "select count(*) from chemical_overrides where num_nonnulls(name, density, molar_mass) > 0";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&app.db).await.unwrap(), 0);
}
