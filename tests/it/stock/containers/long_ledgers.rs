//! Ledgers of a thousand events: nobody waits for all of it who asks for a part.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{bottle, events_of};
use crate::{
    contract::statements::Statements,
    support::{Client, TestApp},
};

/// So many events of this type, each of which takes so much and leaves the state as it is.
async fn book(app: &TestApp, by: &Client, made: &Value, kind: &str, many: i32, taken: &str) {
    let events = "insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before,
            state_after, by_user, occurred_at, recorded_at)
        select gen_random_uuid(), lab_id, id, version + n, $2, -$4::numeric, amount - n * $4::numeric, state, state,
            $5, $6, $6
        from containers, generate_series(1, $3) n where id = $1::uuid";
    let bottle = "update containers set version = version + $2, amount = amount - $2 * $3::numeric where id = $1::uuid";
    let id = made["id"].as_str().unwrap();
    let events = sqlx::query(events).bind(id).bind(kind).bind(many).bind(taken).bind(by.user_id).bind(app.now());
    events.execute(&app.db).await.unwrap();
    sqlx::query(bottle).bind(id).bind(many).bind(taken).execute(&app.db).await.unwrap();
}

async fn offers_undo(app: &TestApp, by: &Client, made: &Value) -> bool {
    let scanned = by.get(&app.path(&format!("/scan/{}", made["code"].as_str().unwrap()))).await.ok();
    scanned["allowed_actions"].as_array().unwrap().contains(&json!("reverse"))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_page_a_refusal_and_a_scan_read_the_end_of_a_long_ledger_alone(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    manager.post(&path, json!({"type": "open"})).await.created();
    book(&app, &manager, &made, "withdraw", 1000, "0.01").await;
    let (statements, _heard) = Statements::start();
    let page = manager.get(&format!("{path}?limit=10")).await.ok();
    assert!(statements.take_rows() < 60, "a page");
    assert_eq!(page["items"][9]["undoable"], true);
    assert!(offers_undo(&app, &manager, &made).await);
    assert!(statements.take_rows() < 100, "a scan");
    let refused = manager.post(&path, json!({"type": "release"})).await.problem(409, "event-not-allowed");
    assert!(refused["allowed_actions"].as_array().unwrap().contains(&json!("reverse")));
    assert!(statements.take_rows() < 100, "a refusal");
    // The day of the opening may follow from any event.
    manager.post(&path, json!({"type": "reverse", "event_id": page["items"][9]["id"]})).await.created();
    assert!(statements.take_rows() > 1000, "the count sees all rows");
}

/// Where the next page begins.
async fn next_page(by: &Client, path: &str, limit: u8, cursor: &str) -> (Value, String) {
    let page = by.get(&format!("{path}?limit={limit}&cursor={cursor}")).await.ok();
    let next = page["next_cursor"].as_str().unwrap_or_default().to_owned();
    (page["items"].clone(), next)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_page_of_a_long_ledger_reads_its_own_lines_alone(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    let less = json!({"type": "adjust", "amount": {"value": "90", "unit": "mL"}, "reason": "x"});
    manager.post(&path, less).await.created();
    manager.post(&path, json!({"type": "check_out", "holder_id": member.user_id})).await.created();
    book(&app, &manager, &made, "withdraw", 1000, "0.01").await;
    let (statements, _heard) = Statements::start();
    let (mut cursor, mut pages) = (String::new(), 0);
    loop {
        statements.take_rows();
        let (items, next) = next_page(&manager, &path, 100, &cursor).await;
        assert!(statements.take_rows() < 210, "page {pages}: its lines, twice");
        if pages == 10 {
            let undoable: Vec<_> = items.as_array().unwrap().iter().map(|it| (&it["type"], &it["undoable"])).collect();
            assert_eq!(
                undoable,
                [
                    (&json!("check_out"), &json!(true)),
                    (&json!("adjust"), &json!(true)),
                    (&json!("receive"), &json!(false))
                ]
            );
        }
        (cursor, pages) = (next, pages + 1);
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(pages, 11);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_booked_between_two_pages_counts_on_the_next(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    let weigh = |gross: &str| json!({"type": "weigh", "gross": {"value": gross, "unit": "g"}, "tare": {"value": "10", "unit": "g"}});
    manager.post(&path, weigh("80")).await.created();
    let (_, cursor) = next_page(&manager, &path, 1, "").await;
    assert_eq!(next_page(&manager, &path, 1, &cursor).await.0[0]["undoable"], false, "the receipt of a bottle in use");
    let events = manager.get(&path).await.ok();
    manager.post(&path, json!({"type": "reverse", "event_id": events["items"][0]["id"]})).await.created();
    assert_eq!(next_page(&manager, &path, 1, &cursor).await.0[0]["undoable"], true, "nothing stands on it any more");

    let (_, cursor) = next_page(&manager, &path, 2, "").await;
    manager.post(&path, weigh("70")).await.created();
    assert_eq!(next_page(&manager, &path, 1, &cursor).await.0[0]["undoable"], false, "it is in use again");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_can_be_undone_is_the_same_on_small_pages_and_behind_many_edits(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, member) = (app.client("manager").await, app.client("member").await);
    let made = bottle(&app, &manager, "100", "mL").await;
    let path = events_of(&app, &made);
    for event in [
        json!({"type": "withdraw", "amount": {"value": "1", "unit": "mL"}}),
        json!({"type": "adjust", "amount": {"value": "90", "unit": "mL"}, "reason": "x"}),
        json!({"type": "check_out", "holder_id": member.user_id}),
    ] {
        manager.post(&path, event).await.created();
    }
    book(&app, &manager, &made, "edit", 120, "0").await;
    for by in [&manager, &member] {
        let all = by.get(&format!("{path}?limit=200")).await.ok()["items"].as_array().unwrap().clone();
        let (mut paged, mut next) = (Vec::new(), format!("{path}?limit=7"));
        while paged.len() < all.len() {
            let page = by.get(&next).await.ok();
            paged.extend(page["items"].as_array().unwrap().clone());
            next = format!("{path}?limit=7&cursor={}", page["next_cursor"].as_str().unwrap_or_default());
        }
        assert_eq!(paged, all);
        assert!(offers_undo(&app, by, &made).await);
    }
}
