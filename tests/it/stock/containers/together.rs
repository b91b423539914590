//! What comes at the same time is written in one statement, and everybody hears their own answer.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use super::{assert_ledger_adds_up, bottle, chemical, events_of, location, path_of, withdraw};
use crate::support::{Client, TestApp};

/// Statuses in the order of the bodies.
async fn post_all(by: &Client, posts: impl IntoIterator<Item = (String, Value)>) -> Vec<(u16, Value)> {
    let mut racing = JoinSet::new();
    for (n, (path, body)) in posts.into_iter().enumerate() {
        let by = by.clone();
        racing.spawn(async move {
            let answer = by.post(&path, body).await;
            (n, answer.status.as_u16(), answer.body)
        });
    }
    let mut answers = racing.join_all().await;
    answers.sort_by_key(|(n, ..)| *n);
    answers.into_iter().map(|(_, status, body)| (status, body)).collect()
}

async fn commits(app: &TestApp, of: &str) -> i64 {
    let sql = format!("select count(distinct xmin::text) from {of}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn events_of_many_bottles_share_commits_and_one_that_is_refused_spoils_no_other(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let mut bottles = Vec::new();
    for _ in 0..40 {
        bottles.push(bottle(&app, &manager, "100", "mL").await);
    }
    let answers = post_all(&manager, bottles.iter().map(|made| (events_of(&app, made), withdraw("1", "mL")))).await;
    assert!(answers.iter().all(|(status, _)| *status == 201), "{answers:?}");
    let commits = commits(&app, "stock_events where type = 'withdraw'").await;
    assert!(commits < 40, "{commits} commits for 40 events");

    let taken = answers[0].1["event"]["id"].clone();
    let events = bottles.iter().enumerate().map(|(n, made)| {
        let mut event = withdraw("2.5", "mL");
        if n % 10 == 9 {
            event["id"] = taken.clone();
        }
        (events_of(&app, made), event)
    });
    let answers = post_all(&manager, events).await;
    for (n, (made, (status, answer))) in bottles.iter().zip(&answers).enumerate() {
        let now = manager.get(&path_of(&app, made)).await.ok();
        if n % 10 == 9 {
            assert_eq!((*status, answer["type"].as_str()), (409, Some("/problems/id-taken")), "{answer}");
            assert_eq!(now["amount"]["value"], "99");
        } else {
            assert_eq!(*status, 201, "{answer}");
            assert_eq!(answer["event"]["container_id"], made["id"]);
            assert_eq!(answer["container"], now);
            assert_eq!(now["amount"]["value"], "96.5");
        }
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bottles_that_are_made_at_the_same_time_share_commits_and_each_refusal_reaches_its_own(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let path = app.path("/containers");
    let answers = post_all(
        &manager,
        (0..40).map(|n| {
            let code = if n % 8 == 7 { "SAME".to_owned() } else { format!("W-{n}") };
            let chemical = if n == 20 { Uuid::now_v7() } else { water };
            let amount = json!({"value": (n + 1).to_string(), "unit": "mL"});
            (path.clone(), json!({"chemical_id": chemical, "code": code, "amount": amount}))
        }),
    )
    .await;

    let with_one_code: Vec<_> = answers.iter().skip(7).step_by(8).map(|(status, _)| *status).collect();
    assert_eq!(with_one_code.iter().filter(|status| **status == 201).count(), 1, "{with_one_code:?}");
    for (n, (status, answer)) in answers.iter().enumerate() {
        match n {
            20 => assert_eq!((*status, &answer["errors"][0]["pointer"]), (422, &json!("/chemical_id")), "{answer}"),
            _ if n % 8 == 7 && *status != 201 => {
                assert_eq!((*status, answer["type"].as_str()), (409, Some("/problems/code-taken")), "{answer}");
            }
            _ => {
                assert_eq!(*status, 201, "{answer}");
                assert_eq!(answer["amount"]["value"], (n + 1).to_string());
                assert_eq!(manager.get(&path_of(&app, answer)).await.ok(), *answer);
            }
        }
    }
    assert_ledger_adds_up(&app).await;
    let commits = commits(&app, "containers").await;
    assert!(commits < 35, "{commits} commits for 35 bottles");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bottles_that_somebody_is_writing_keep_no_other_waiting(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let manager = app.client("manager").await;
    let mut tx = db.begin().await.unwrap();
    let mut waiting = JoinSet::new();
    for _ in 0..3 {
        let made = bottle(&app, &manager, "100", "mL").await;
        let id: Uuid = made["id"].as_str().unwrap().parse().unwrap();
        sqlx::query("select from containers where id = $1 for update").bind(id).execute(&mut *tx).await.unwrap();
        let (by, path) = (manager.clone(), events_of(&app, &made));
        waiting.spawn(async move { by.post(&path, withdraw("1", "mL")).await.status.as_u16() });
    }
    let free = bottle(&app, &manager, "100", "mL").await;
    for _ in 0..5 {
        manager.post(&events_of(&app, &free), withdraw("1", "mL")).await.created();
    }
    assert!(waiting.try_join_next().is_none(), "nobody has written a bottle that is locked");
    tx.commit().await.unwrap();
    assert_eq!(waiting.join_all().await, [201, 201, 201]);
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn while_somebody_changes_a_chemical_its_bottles_and_others_are_made(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let manager = app.client("manager").await;
    let (changed, other) = (chemical(&app, "water", None, None).await, chemical(&app, "heavy water", None, None).await);
    let mut tx = db.begin().await.unwrap();
    sqlx::query("update chemicals set name = 'ice' where id = $1").bind(changed).execute(&mut *tx).await.unwrap();
    for chemical in [changed, other, changed] {
        let new = json!({"chemical_id": chemical, "amount": {"value": "1", "unit": "L"}});
        manager.post(&app.path("/containers"), new).await.created();
    }
    tx.rollback().await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn bottles_whose_codes_somebody_is_just_giving_keep_no_other_waiting_in_company_or_alone(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let path = app.path("/containers");
    let new = |code: String| json!({"chemical_id": water, "code": code, "amount": {"value": "1", "unit": "L"}});
    let mut tx = db.begin().await.unwrap();
    // As a bottle that is being made: its code is there, and not yet committed.
    let place = location(&app, None, "room", "R").await;
    for code in ["TAKEN1", "TAKEN2"] {
        sqlx::query("insert into codes (lab_id, canonical, code, location_id) values ($1, $2, $2, $3)")
            .bind(app.lab)
            .bind(code)
            .bind(place)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    let started = Instant::now();
    let mut waiting: Vec<JoinHandle<u16>> = Vec::new();
    for code in ["TAKEN-1", "TAKEN-2"] {
        let (by, path, new) = (manager.clone(), path.clone(), new(code.into()));
        waiting.push(tokio::spawn(async move { by.post(&path, new).await.status.as_u16() }));
        // One after the other, so that each is alone in a lane.
        while waits_for_codes(&db).await < waiting.len() && !waiting[0].is_finished() {
            tokio::task::yield_now().await;
        }
    }
    let answers = post_all(&manager, (1..20).map(|n| (path.clone(), new(format!("W-{n}"))))).await;
    assert!(answers.iter().all(|(status, _)| *status == 201), "{answers:?}");
    assert!(started.elapsed() < Duration::from_secs(8), "a lane waits for half a second, and not for ten");
    for alone in waiting {
        assert_eq!(alone.await.unwrap(), 503, "it is told to come again, as the code is still held");
    }
    tx.rollback().await.unwrap();
    manager.post(&path, new("TAKEN-1".into())).await.created();
}

async fn waits_for_codes(db: &PgPool) -> usize {
    let waiting = "select count(*) from pg_locks where not granted and pid in
        (select pid from pg_stat_activity where datname = current_database())";
    let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(db).await.unwrap();
    usize::try_from(waiting).unwrap()
}
