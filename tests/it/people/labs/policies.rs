//! Policies of a lab: what holds, what is coming, and what has held before.

use std::collections::BTreeMap;

use axum::http::Method;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    stock::containers::chemical,
    support::{Answer, Client, TestApp},
};

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

async fn put(app: &TestApp, by: &Client, name: &str, etag: &str, body: Value) -> Answer {
    by.send(Method::PUT, &app.path(&format!("/policies/{name}")), &[("if-match", etag)], Some(body)).await
}

async fn get(app: &TestApp, by: &Client, name: &str) -> Value {
    by.get(&app.path(&format!("/policies/{name}"))).await.ok()
}

/// Name, value and state of each, in the order of the list.
async fn history(app: &TestApp, by: &Client, query: &str) -> Vec<(String, String, String)> {
    let page = by.get(&app.path(&format!("/policies{query}"))).await.ok();
    let field = |item: &Value, name: &str| item[name].as_str().expect("a text").to_owned();
    let items = page["items"].as_array().expect("items").iter();
    items.map(|it| (field(it, "name"), field(it, "value"), field(it, "state"))).collect()
}

fn of(name: &str, value: &str, state: &str) -> (String, String, String) {
    (name.to_owned(), value.to_owned(), state.to_owned())
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn until_an_admin_sets_something_the_default_holds_from_the_labs_creation_on(db: PgPool) {
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    let answer = viewer.get(&app.path("/policies/registration")).await.expect(200);
    assert_eq!(answer.etag(), "\"1\"");
    let policy = answer.body;
    assert_eq!(
        (&policy["value"], &policy["coming"], &policy["set_by"]),
        (&json!("member"), &json!(null), &json!(null))
    );
    assert_eq!(policy["effective_from"], json!(text(app.now())));
    let all = [of("sharing", "none", "in_effect"), of("registration", "member", "in_effect")];
    assert_eq!(history(&app, &viewer, "").await, all);
    viewer.get(&app.path("/policies/colour")).await.problem(404, "not-found");
    viewer.get(&app.path("/policies?name=colour")).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_policy_is_set_from_now_on_or_from_a_time_to_come_and_its_history_stays(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    app.advance(TimeDelta::minutes(4));
    let set = put(&app, &admin, "registration", "\"1\"", json!({"value": "manager"})).await.expect(200);
    assert_eq!(set.etag(), "\"3\"");
    assert_eq!((&set.body["value"], &set.body["set_by"]), (&json!("manager"), &json!(admin.user_id)));

    let later = app.now() + TimeDelta::minutes(5);
    let coming = json!({"value": "member", "effective_from": text(later)});
    let set = put(&app, &admin, "registration", "*", coming.clone()).await.ok();
    assert_eq!((&set["value"], &set["coming"]["value"]), (&json!("manager"), &json!("member")));
    // A repeat changes nothing.
    assert_eq!(put(&app, &admin, "registration", "*", coming).await.ok(), set);
    assert_eq!(put(&app, &admin, "registration", "*", json!({"value": "manager"})).await.ok(), set);

    app.advance(TimeDelta::minutes(5));
    let held = get(&app, &admin, "registration").await;
    assert_eq!((&held["value"], &held["coming"]), (&json!("member"), &json!(null)));
    assert!(held["version"].as_i64() > set["version"].as_i64(), "what takes effect is another version");
    let name = "registration";
    let all = [of(name, "member", "in_effect"), of(name, "manager", "past"), of(name, "member", "past")];
    assert_eq!(history(&app, &admin, "?name=registration").await, all);

    let first = admin.get(&app.path("/policies?name=registration&limit=2")).await.ok();
    let rest = format!("?name=registration&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(history(&app, &admin, &rest).await, all[2..]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_coming_is_withdrawn_or_replaced_and_what_is_set_meanwhile_holds_until_then(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let path = app.path("/policies/sharing");
    admin.delete(&path, "*").await.problem(404, "not-found");
    let at = |minutes| text(app.now() + TimeDelta::minutes(minutes));
    let coming = |value: &str, minutes| json!({"value": value, "effective_from": at(minutes)});
    put(&app, &admin, "sharing", "*", coming("stock", 2)).await.ok();
    admin.delete(&path, "\"1\"").await.problem(412, "stale");
    admin.delete(&path, "\"2\"").await.expect(204);
    assert_eq!(get(&app, &admin, "sharing").await["coming"], json!(null));

    put(&app, &admin, "sharing", "*", coming("stock", 3)).await.ok();
    put(&app, &admin, "sharing", "*", coming("stock", 1)).await.ok();
    let name = "sharing";
    let withdrawn = of(name, "stock", "withdrawn");
    let all = [withdrawn.clone(), withdrawn, of(name, "stock", "coming"), of(name, "none", "in_effect")];
    assert_eq!(history(&app, &admin, "?name=sharing").await, all);
    put(&app, &admin, "sharing", "*", json!({"value": "stock"})).await.ok();
    put(&app, &admin, "sharing", "*", json!({"value": "none"})).await.ok();
    let now = get(&app, &admin, "sharing").await;
    assert_eq!((&now["value"], &now["coming"]["value"]), (&json!("none"), &json!("stock")), "the last of one instant");
    app.advance(TimeDelta::minutes(1));
    assert_eq!(get(&app, &admin, "sharing").await["value"], "stock");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_value_that_is_none_of_the_policy_or_a_time_that_has_passed_is_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    for (body, pointer) in [
        (json!({"value": "stock"}), "/value"),
        (json!({"value": null}), "/value"),
        (json!({}), "/value"),
        (json!({"value": "manager", "effective_from": text(app.now() - TimeDelta::seconds(1))}), "/effective_from"),
    ] {
        let problem = put(&app, &admin, "registration", "*", body.clone()).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    let manage = json!({"value": "manager"});
    put(&app, &admin, "registration", "\"7\"", manage.clone()).await.problem(412, "stale");
    let path = app.path("/policies/registration");
    admin.send(Method::PUT, &path, &[], Some(manage.clone())).await.problem(428, "if-match-required");
    put(&app, &manager, "registration", "*", manage).await.problem(403, "forbidden");
    assert_eq!(get(&app, &admin, "registration").await["version"], 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_two_admins_who_read_one_version_one_sets_the_policy(db: PgPool) {
    let app = TestApp::new(db).await;
    let (one, two) = (app.client("admin").await, app.client("admin").await);
    let (one, two) = tokio::join!(
        put(&app, &one, "registration", "\"1\"", json!({"value": "manager"})),
        put(&app, &two, "registration", "\"1\"", json!({"value": "manager"}))
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn members_register_and_edit_until_the_policy_says_managers(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, manager) = (app.client("admin").await, app.client("manager").await);
    let (member, viewer) = (app.client("member").await, app.client("viewer").await);
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let new = json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "L"}});
    let (path, scan) = (app.path("/containers"), app.path("/scan/nothing"));
    let made = member.post(&path, new.clone()).await.created();
    let bottle = app.path(&format!("/containers/{}", made["id"].as_str().unwrap()));
    viewer.post(&path, new.clone()).await.problem(403, "forbidden");
    assert_eq!(member.get(&scan).await.ok()["allowed_actions"], json!(["create_container"]));

    let writes = json!({"note": "n", "lot": "l", "supplier": "s", "catalogue_number": "c", "gtin": "4006381333931",
        "low_at": {"value": "1", "unit": "mL"}});
    member.patch(&bottle, "*", writes.clone()).await.ok();
    for (field, value) in [
        ("code", json!("X-1")),
        ("tare", json!({"value": "1", "unit": "g"})),
        ("density", json!("0.8")),
        ("received_on", json!("2026-01-01")),
        ("expires_on", json!("2030-01-01")),
    ] {
        let mut patch = json!({"note": "with it"});
        patch[field] = value;
        member.patch(&bottle, "*", patch.clone()).await.problem(403, "forbidden");
        let changed = manager.patch(&bottle, "*", patch.clone()).await.ok();
        // Sent back as it was read, it is no change.
        assert_eq!(member.patch(&bottle, "*", patch).await.ok(), changed);
    }

    put(&app, &admin, "registration", "*", json!({"value": "manager"})).await.ok();
    member.post(&path, new.clone()).await.problem(403, "forbidden");
    member.patch(&bottle, "*", writes).await.problem(403, "forbidden");
    assert_eq!(member.get(&scan).await.ok()["allowed_actions"], json!([]));
    manager.post(&path, new.clone()).await.created();

    let later = json!({"value": "member", "effective_from": text(app.now() + TimeDelta::days(1))});
    put(&app, &admin, "registration", "*", later).await.ok();
    member.post(&path, new.clone()).await.problem(403, "forbidden");
    app.advance(TimeDelta::days(1));
    app.signed_in(&member).await.post(&path, new).await.created();
}

/// What holds, worked out from what was done: the values by the times from which they hold.
#[derive(Default)]
struct Plan(BTreeMap<i64, &'static str>);

impl Plan {
    fn set(&mut self, now: i64, from: i64, value: &'static str) {
        if from > now {
            self.0.retain(|at, _| *at <= now);
        }
        self.0.insert(from, value);
    }

    fn at(&self, now: i64) -> &'static str {
        self.0.range(..=now).next_back().map_or("none", |(_, value)| value)
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whatever_is_set_and_withdrawn_the_policy_holds_what_a_plan_on_paper_says(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut admin = app.client("admin").await;
    let (mut plan, mut now, mut dice) = (Plan::default(), 0_i64, 7_u64);
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    for step in 0..80 {
        let value = ["none", "stock"][usize::try_from(roll(2)).unwrap()];
        let hours = i64::try_from(roll(4)).unwrap();
        match roll(4) {
            0 => {
                let is_coming = plan.0.keys().any(|at| *at > now);
                let status = admin.delete(&app.path("/policies/sharing"), "*").await.status.as_u16();
                assert_eq!(status, if is_coming { 204 } else { 404 }, "step {step}");
                plan.0.retain(|at, _| *at <= now);
            }
            1 => {
                put(&app, &admin, "sharing", "*", json!({"value": value})).await.ok();
                plan.set(now, now, value);
            }
            2 => {
                let from = text(app.now() + TimeDelta::minutes(hours));
                put(&app, &admin, "sharing", "*", json!({"value": value, "effective_from": from})).await.ok();
                plan.set(now, now + hours, value);
            }
            _ => {
                app.advance(TimeDelta::minutes(hours));
                now += hours;
            }
        }
        // A token lasts ten minutes.
        admin = app.signed_in(&admin).await;
        let policy = get(&app, &admin, "sharing").await;
        assert_eq!(policy["value"], plan.at(now), "step {step}");
        let coming = plan.0.range(now + 1..).next().map(|(_, value)| *value);
        assert_eq!(policy["coming"]["value"].as_str(), coming, "step {step}");
    }
}
