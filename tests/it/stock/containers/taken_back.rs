//! All or none: what a refusal takes back is no duplicate of anything.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    bottle, events_of,
    many::{amount, named, on, words},
    withdraw,
};
use crate::support::{Client, TestApp};

async fn refused(app: &TestApp, by: &Client, operations: &[Value]) -> Vec<Value> {
    let body = json!({"atomic": true, "operations": operations});
    let refused = by.post(&app.path("/events"), body).await.problem(409, "batch-rejected");
    refused["verdicts"].as_array().unwrap().clone()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_that_stands_there_twice_and_is_taken_back_is_no_duplicate(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("member").await;
    let made = bottle(&app, &by, "100", "mL").await;
    let twice = on(&made, named(withdraw("1", "mL")));
    let verdicts = refused(&app, &by, &[twice.clone(), twice, on(&made, withdraw("999", "mL"))]).await;
    assert_eq!(words(&verdicts), ["later", "later", "rejected"]);
    for verdict in &verdicts {
        assert_eq!((&verdict["event"], &verdict["container"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(amount(&app, &by, &made).await, "100");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_duplicate_beside_a_refusal_shows_its_container_as_it_is_now(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("member").await;
    let (made, other) = (bottle(&app, &by, "100", "mL").await, bottle(&app, &by, "50", "mL").await);
    let (older, of_other) = (named(withdraw("1", "mL")), named(withdraw("2", "mL")));
    by.post(&events_of(&app, &made), older.clone()).await.created();
    by.post(&events_of(&app, &other), of_other.clone()).await.created();
    let operations = [
        on(&made, withdraw("10", "mL")),
        on(&made, older.clone()),
        on(&other, of_other),
        on(&made, withdraw("999", "mL")),
        on(&made, older),
    ];
    let verdicts = refused(&app, &by, &operations).await;
    assert_eq!(words(&verdicts), ["later", "duplicate", "duplicate", "rejected", "duplicate"]);
    for (n, left) in [(1, "99"), (2, "48"), (4, "99")] {
        assert_eq!(verdicts[n]["container"]["amount"]["value"], left, "{}", verdicts[n]);
        assert_eq!(verdicts[n]["container"]["version"], 2);
        assert_eq!(verdicts[n]["event"]["amount_after"]["value"], left);
    }
    assert_eq!(amount(&app, &by, &made).await, "99");
}
