//! What the journal says of a lab's policies.

use axum::http::Method;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use sqlx::PgPool;

use crate::support::{Answer, Client, TestApp};

async fn put(app: &TestApp, by: &Client, body: Value) -> Answer {
    by.send(Method::PUT, &app.path("/policies/sharing"), &[("if-match", "*")], Some(body)).await
}

/// Kind and fields of each line on the lab, the first one first.
async fn lines(app: &TestApp) -> Vec<(String, Value)> {
    let lines = "select kind, changes from journal where lab_id = $1 and kind like 'policy.%' order by xid, id";
    sqlx::query_as(lines).bind(app.lab).fetch_all(&app.db).await.expect("lines")
}

/// A value and the time from which it holds.
type Set = (&'static str, DateTime<Utc>);

/// What holds, what is coming, and what a line has to say, worked out on paper.
struct Paper {
    held: Set,
    coming: Option<Set>,
}

fn line(kind: &str, before: Set, after: Option<Set>) -> (String, Value) {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let mut fields = Map::new();
    fields.insert("policy".into(), json!([null, "sharing"]));
    fields.insert("value".into(), json!([before.0, after.map(|it| it.0)]));
    if after.is_none_or(|after| after.1 != before.1) {
        fields.insert("effective_from".into(), json!([text(before.1), after.map(|it| text(it.1))]));
    }
    (kind.to_owned(), Value::Object(fields))
}

impl Paper {
    fn pass(&mut self, now: DateTime<Utc>) {
        if let Some(began) = self.coming.take_if(|it| it.1 <= now) {
            self.held = began;
        }
    }

    fn set(&mut self, now: DateTime<Utc>, new: Set) -> Option<(String, Value)> {
        let is_there = new == self.held || Some(new) == self.coming || new.1 == now && new.0 == self.held.0;
        if is_there {
            return None;
        }
        if new.1 > now {
            let before = self.coming.replace(new).unwrap_or(self.held);
            return Some(line("policy.set", before, Some(new)));
        }
        Some(line("policy.set", std::mem::replace(&mut self.held, new), Some(new)))
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_value_that_is_set_while_another_is_coming_takes_the_place_of_what_held(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let start = app.now();
    let later = (start + TimeDelta::days(1)).to_rfc3339_opts(SecondsFormat::AutoSi, true);
    put(&app, &admin, json!({"value": "stock", "effective_from": later})).await.ok();
    app.advance(TimeDelta::minutes(1));
    put(&app, &admin, json!({"value": "stock"})).await.ok();
    let told = lines(&app).await;
    let expected = line("policy.set", ("none", start), Some(("stock", app.now())));
    assert_eq!(told[1], expected);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whatever_is_set_and_withdrawn_each_line_says_what_a_paper_says(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut admin = app.client("admin").await;
    let (mut paper, mut expected) = (Paper { held: ("none", app.now()), coming: None }, Vec::new());
    let mut dice = 11_u64;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    for step in 0..80 {
        let now = app.now();
        let value = ["none", "stock"][usize::try_from(roll(2)).expect("small")];
        let from = now + TimeDelta::minutes(i64::try_from(roll(4)).expect("small"));
        match roll(4) {
            0 => {
                admin.delete(&app.path("/policies/sharing"), "*").await;
                expected.extend(paper.coming.take().map(|it| line("policy.withdrawn", it, None)));
            }
            1 => {
                put(&app, &admin, json!({"value": value})).await.ok();
                expected.extend(paper.set(now, (value, now)));
            }
            2 => {
                let text = from.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                put(&app, &admin, json!({"value": value, "effective_from": text})).await.ok();
                expected.extend(paper.set(now, (value, from)));
            }
            _ => {
                app.advance(from - now);
                paper.pass(app.now());
            }
        }
        admin = app.signed_in(&admin).await;
        assert_eq!(lines(&app).await, expected, "step {step}");
    }
    assert!(expected.len() > 20, "only {} lines", expected.len());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_time_with_nanoseconds_is_kept_in_microseconds_and_its_repeat_changes_nothing(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    let day = (app.now() + TimeDelta::days(1)).date_naive();
    let body = json!({"value": "stock", "effective_from": format!("{day}T08:00:00.123456789Z")});
    let set = put(&app, &admin, body.clone()).await.ok();
    assert_eq!(set["coming"]["effective_from"], json!(format!("{day}T08:00:00.123456Z")));
    assert_eq!(put(&app, &admin, body).await.ok(), set);
    assert_eq!(lines(&app).await.len(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_value_of_a_later_version_counts_as_the_strictest_and_keeps_nobody_out(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, member) = (app.client("admin").await, app.client("member").await);
    for (name, value) in [("registration", json!("nobody")), ("sharing", json!({"with": []}))] {
        sqlx::query(
            "insert into lab_policies (lab_id, name, seq, value, effective_from, set_by, set_at)
            values ($1, $2, 1, $3, $4, $5, $4)",
        )
        .bind(app.lab)
        .bind(name)
        .bind(value)
        .bind(app.now())
        .bind(admin.user_id)
        .execute(&app.db)
        .await
        .expect("a row");
    }
    member.get(&app.path("/locations")).await.ok();
    assert_eq!(member.get(&app.path("/scan/nothing")).await.ok()["allowed_actions"], json!([]));
}
