//! Many events in one call: all or none, calls that meet, and calls that are cut off.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    assert_ledger_adds_up, bottle,
    many::{amount, named, on, post, words},
    withdraw,
};
use crate::support::{Answer, Client, TestApp};

async fn post_all(app: &TestApp, by: &Client, operations: &[Value]) -> Answer {
    by.post(&app.path("/events"), json!({"atomic": true, "operations": operations})).await
}

async fn events(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from stock_events").fetch_one(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn all_or_none_books_nothing_when_one_is_refused_and_says_which(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("member").await;
    let (one, other) = (bottle(&app, &by, "100", "mL").await, bottle(&app, &by, "100", "mL").await);
    let before = named(withdraw("1", "mL"));
    post(&app, &by, &[on(&one, before.clone())]).await;
    let (mut operations, booked) = (Vec::new(), events(&app).await);
    for event in [before, named(withdraw("60", "mL")), named(withdraw("60", "mL")), named(json!({"type": "open"}))] {
        operations.push(on(&one, event));
    }
    operations.push(on(&other, json!({"type": "weigh"})));
    operations.push(on(&other, named(withdraw("1", "mL"))));
    let refused = post_all(&app, &by, &operations).await.problem(409, "batch-rejected");
    let verdicts = refused["verdicts"].as_array().unwrap();
    let no = "rejected";
    assert_eq!(words(verdicts), ["duplicate", "later", no, no, no, "later"]);
    assert_eq!(verdicts[2]["problem"]["left"]["value"], "39");
    assert_eq!(verdicts[4]["problem"]["errors"][0]["pointer"], "/operations/4/event/gross");
    assert_eq!(events(&app).await, booked);
    assert_eq!((amount(&app, &by, &one).await, amount(&app, &by, &other).await), ("99".into(), "100".into()));

    let mended = [&operations[..2], &operations[5..]].concat();
    let answer = post_all(&app, &by, &mended).await.ok();
    assert_eq!(words(answer["verdicts"].as_array().unwrap()), ["duplicate", "applied", "applied"]);
    let again = post_all(&app, &by, &mended).await.ok();
    assert_eq!(words(again["verdicts"].as_array().unwrap()), ["duplicate"; 3]);
    assert_eq!(again["verdicts"][1]["event"], answer["verdicts"][1]["event"]);
    assert_eq!((amount(&app, &by, &one).await, amount(&app, &by, &other).await), ("39".into(), "99".into()));
    assert_ledger_adds_up(&app).await;
}

/// Two bottles of which one call takes the second first.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn calls_that_take_the_same_bottles_in_another_order_wait_for_one_another_and_not_in_a_ring(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("member").await;
    let (one, other) = (bottle(&app, &by, "100", "mL").await, bottle(&app, &by, "100", "mL").await);
    let mut calls = JoinSet::new();
    // Each of somebody else, as the calls of one person wait for each other.
    for n in 0..20 {
        let order = if n % 2 == 0 { [&one, &other] } else { [&other, &one] };
        let operations = order.map(|made| on(made, named(withdraw("1", "mL"))));
        let (by, path, atomic) = (app.client("member").await, app.path("/events"), n % 4 < 2);
        calls.spawn(async move { by.post(&path, json!({"atomic": atomic, "operations": operations})).await.ok() });
    }
    for answer in calls.join_all().await {
        assert_eq!(words(answer["verdicts"].as_array().unwrap()), ["applied"; 2]);
    }
    assert_eq!((amount(&app, &by, &one).await, amount(&app, &by, &other).await), ("80".into(), "80".into()));
    assert_ledger_adds_up(&app).await;
}

/// The call is cut off while one of its bottles is held by somebody else, and the server starts anew.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_call_that_was_cut_off_is_sent_again_and_nothing_is_lost_or_booked_twice(db: PgPool) {
    let first = TestApp::new(db.clone()).await;
    let by = first.client("member").await;
    for atomic in [false, true] {
        let app = &first;
        let (one, held) = (bottle(app, &by, "100", "mL").await, bottle(app, &by, "100", "mL").await);
        let mut operations: Vec<_> = (0..5).map(|_| on(&one, named(withdraw("1", "mL")))).collect();
        operations.extend((0..5).map(|_| on(&held, named(withdraw("2", "mL")))));
        let body = json!({"atomic": atomic, "operations": operations});
        let mut tx = db.begin().await.unwrap();
        let id: Uuid = held["id"].as_str().unwrap().parse().unwrap();
        sqlx::query("select from containers where id = $1 for update").bind(id).execute(&mut *tx).await.unwrap();
        let call = tokio::spawn({
            let (by, path, body) = (by.clone(), app.path("/events"), body.clone());
            async move { by.post(&path, body).await }
        });
        let before_it = if atomic { "100" } else { "95" };
        while amount(app, &by, &one).await != before_it || !is_waiting(&db).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        call.abort();
        tx.rollback().await.unwrap();

        let app = app.restarted();
        let by = app.signed_in(&by).await.with_router(app.router.clone());
        let again = by.post(&app.path("/events"), body).await.ok();
        let verdicts = again["verdicts"].as_array().unwrap();
        assert!(verdicts.iter().all(|it| ["applied", "duplicate"].contains(&it["verdict"].as_str().unwrap())));
        assert_eq!(words(&verdicts[..5]), [if atomic { "applied" } else { "duplicate" }; 5]);
        assert_eq!((amount(&app, &by, &one).await, amount(&app, &by, &held).await), ("95".into(), "90".into()));
        assert_ledger_adds_up(&app).await;
    }
}

async fn is_waiting(db: &PgPool) -> bool {
    let waiting = "select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock')";
    sqlx::query_scalar(waiting).fetch_one(db).await.unwrap()
}

/// While the database refuses to write a bottle, its events wait, and others are booked.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_that_fails_is_told_to_come_later_and_so_are_those_of_its_bottle_after_it(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let by = app.client("member").await;
    let (one, broken) = (bottle(&app, &by, "100", "mL").await, bottle(&app, &by, "100", "mL").await);
    let fails = format!(
        "create function fail() returns trigger language plpgsql as $$ begin
            if new.container_id = '{}' then raise exception using errcode = '53100'; end if; return new; end $$;
        create trigger fail before insert on stock_events for each row execute function fail()",
        broken["id"].as_str().unwrap()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(fails)).execute(&db).await.unwrap();
    let operations = [
        on(&broken, named(withdraw("1", "mL"))),
        on(&one, named(withdraw("1", "mL"))),
        on(&broken, named(withdraw("2", "mL"))),
    ];
    let verdicts = post(&app, &by, &operations).await;
    assert_eq!(words(&verdicts), ["later", "applied", "later"]);
    assert_eq!(verdicts[0]["problem"]["type"], "/problems/unavailable");
    assert_eq!(verdicts[2]["problem"], Value::Null, "it was not tried");
    post_all(&app, &by, &operations).await.problem(503, "unavailable");

    sqlx::raw_sql("drop trigger fail on stock_events").execute(&db).await.unwrap();
    let verdicts = post(&app, &by, &operations).await;
    assert_eq!(words(&verdicts), ["applied", "duplicate", "applied"]);
    assert_ledger_adds_up(&app).await;
}
