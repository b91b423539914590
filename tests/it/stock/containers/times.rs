//! When an event happened, and on which day of the lab.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{bottle, bottle_of, chemical, events_of, withdraw};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_keeps_its_time_a_clock_a_little_ahead_is_taken_as_now_and_more_is_refused(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = bottle(&app, &manager, "10", "mL").await;
    app.advance(TimeDelta::hours(4));
    let manager = app.signed_in(&manager).await;
    let at = |seconds| {
        let mut event = withdraw("1", "mL");
        event["occurred_at"] = json!(app.now() + TimeDelta::seconds(seconds));
        event
    };
    let posted = manager.post(&events_of(&app, &made), at(-10_800)).await.created();
    assert_eq!(posted["event"]["occurred_at"], json!(app.now() - TimeDelta::hours(3)));
    let posted = manager.post(&events_of(&app, &made), at(120)).await.created();
    assert_eq!(posted["event"]["occurred_at"], json!(app.now()));
    for seconds in [121, -14_401, -1_000_000_000] {
        let problem = manager.post(&events_of(&app, &made), at(seconds)).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/occurred_at", "{seconds}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_can_have_come_before_it_was_registered(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let came = app.now() - TimeDelta::days(30);
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"occurred_at": came})).await;
    let ledger = manager.get(&events_of(&app, &made)).await.ok();
    assert_eq!(ledger["items"][0]["occurred_at"], json!(came));
    let mut event = withdraw("1", "mL");
    event["occurred_at"] = json!(came + TimeDelta::days(1));
    let posted = manager.post(&events_of(&app, &made), event.clone()).await.created();
    assert_eq!(posted["container"]["opened_on"], json!((came + TimeDelta::days(1)).date_naive()));
    event["occurred_at"] = json!(came - TimeDelta::seconds(1));
    manager.post(&events_of(&app, &made), event).await.problem(422, "invalid");

    let late = json!({"chemical_id": water, "amount": {"value": "1", "unit": "L"}, "occurred_at": app.now() + TimeDelta::hours(1)});
    let problem = manager.post(&app.path("/containers"), late).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/occurred_at");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_day_of_an_event_is_that_of_the_labs_time_zone(db: PgPool) {
    let app = TestApp::new(db).await;
    let at: DateTime<Utc> = "2026-11-18T23:30:00Z".parse().unwrap();
    app.advance(at - app.now());
    let (admin, member) = (app.client("admin").await, app.client("member").await);
    let lab = app.path("");
    assert_eq!(admin.get(&lab).await.ok()["time_zone"], "UTC");
    let made = bottle(&app, &admin, "10", "mL").await;
    let opened = member.post(&events_of(&app, &made), json!({"type": "open"})).await.created();
    assert_eq!(opened["container"]["opened_on"], "2026-11-18");

    for (zone, day) in
        [("Asia/Tokyo", "2026-11-19"), ("America/Los_Angeles", "2026-11-18"), ("Europe/Berlin", "2026-11-19")]
    {
        let changed = admin.patch(&lab, "*", json!({"time_zone": zone})).await.ok();
        assert_eq!(changed["time_zone"], zone);
        let made = bottle_of(
            &app,
            &admin,
            opened["container"]["chemical"]["id"].as_str().unwrap().parse().unwrap(),
            "10",
            "mL",
            json!({}),
        )
        .await;
        let mut event = withdraw("1", "mL");
        event["occurred_at"] = json!(app.now());
        let posted = member.post(&events_of(&app, &made), event).await.created();
        assert_eq!(posted["container"]["opened_on"], day, "{zone}");
    }
    for zone in [json!("Europe/Atlantis"), json!("+01:00"), json!(""), json!(7)] {
        let problem = admin.patch(&lab, "*", json!({"time_zone": zone})).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/time_zone");
    }
    let manager = app.client("manager").await;
    manager.patch(&lab, "*", json!({"time_zone": "UTC"})).await.problem(403, "forbidden");
    assert_eq!(admin.get(&lab).await.ok()["time_zone"], Value::from("Europe/Berlin"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn another_time_zone_moves_no_day_that_another_event_has_set(db: PgPool) {
    let app = TestApp::new(db).await;
    let at: DateTime<Utc> = "2026-11-18T23:30:00Z".parse().unwrap();
    app.advance(at - app.now());
    let admin = app.client("admin").await;
    admin.patch(&app.path(""), "*", json!({"time_zone": "Pacific/Kiritimati"})).await.ok();
    let made = bottle(&app, &admin, "10", "mL").await;
    let path = events_of(&app, &made);
    let first = admin.post(&path, withdraw("1", "mL")).await.created();
    assert_eq!(first["container"]["opened_on"], "2026-11-19");
    admin.patch(&app.path(""), "*", json!({"time_zone": "UTC"})).await.ok();
    let second = admin.post(&path, withdraw("1", "mL")).await.created();
    assert_eq!(second["container"]["opened_on"], "2026-11-18", "the day of this event, in the lab's zone of now");
    let third = admin.post(&path, withdraw("1", "mL")).await.created();
    let undo = |event: &Value| json!({"type": "reverse", "event_id": event["event"]["id"]});
    assert_eq!(admin.post(&path, undo(&third)).await.created()["container"]["opened_on"], "2026-11-18");
    admin.patch(&app.path(""), "*", json!({"time_zone": "Pacific/Kiritimati"})).await.ok();
    let third = admin.post(&path, withdraw("1", "mL")).await.created();
    assert_eq!(admin.post(&path, undo(&third)).await.created()["container"]["opened_on"], "2026-11-18");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_day_of_a_use_stays_that_of_the_zone_in_which_it_was_booked(db: PgPool) {
    let app = TestApp::new(db).await;
    let at: DateTime<Utc> = "2026-11-18T23:30:00Z".parse().unwrap();
    app.advance(at - app.now());
    let admin = app.client("admin").await;
    admin.patch(&app.path(""), "*", json!({"time_zone": "Pacific/Kiritimati"})).await.ok();
    let made = bottle(&app, &admin, "10", "mL").await;
    let path = events_of(&app, &made);
    let mut early = withdraw("1", "mL");
    early["occurred_at"] = json!(app.now());
    let first = admin.post(&path, early).await.created();
    assert_eq!(first["container"]["opened_on"], "2026-11-19");
    app.advance(TimeDelta::minutes(1));
    admin.post(&path, withdraw("1", "mL")).await.created();
    admin.patch(&app.path(""), "*", json!({"time_zone": "UTC"})).await.ok();
    let undone = admin.post(&path, json!({"type": "reverse", "event_id": first["event"]["id"]})).await.created();
    assert_eq!(undone["container"]["opened_on"], "2026-11-19", "the day on which the second was booked");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_time_is_answered_as_it_is_kept(db: PgPool) {
    let app = TestApp::new(db).await;
    let at: DateTime<Utc> = "2026-11-27T12:00:00Z".parse().unwrap();
    app.advance(at - app.now());
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let came = json!({"occurred_at": "2026-11-20T00:00:00Z"});
    for (sent, kept, day) in [
        ("2026-11-26T10:00:00.123456789Z", "2026-11-26T10:00:00.123456Z", "2026-11-26"),
        ("2026-11-26T23:59:60Z", "2026-11-27T00:00:00Z", "2026-11-27"),
    ] {
        let made = bottle_of(&app, &manager, water, "1", "L", came.clone()).await;
        let mut event = withdraw("1", "mL");
        event["occurred_at"] = json!(sent);
        let posted = manager.post(&events_of(&app, &made), event).await.created();
        assert_eq!((&posted["event"]["occurred_at"], &posted["container"]["opened_on"]), (&json!(kept), &json!(day)));
        let ledger = manager.get(&events_of(&app, &made)).await.ok();
        assert_eq!(ledger["items"][0]["occurred_at"], kept);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_day_that_has_not_begun_in_the_lab_is_refused_but_for_an_expiry(db: PgPool) {
    let app = TestApp::new(db).await;
    let at: DateTime<Utc> = "2026-11-18T23:57:59Z".parse().unwrap();
    app.advance(at - app.now());
    let admin = app.client("admin").await;
    let water = chemical(&app, "water", None, None).await;
    let with = |field: &str, day: &str| {
        let mut new = json!({"chemical_id": water, "amount": {"value": "1", "unit": "L"}, "expires_on": "2030-01-01"});
        new[field] = json!(day);
        new
    };
    let path = app.path("/containers");
    for field in ["received_on", "opened_on"] {
        let refused = admin.post(&path, with(field, "2026-11-19")).await.problem(422, "invalid");
        assert_eq!(refused["errors"][0]["pointer"], format!("/{field}"));
        let told = refused["errors"][0]["detail"].as_str().unwrap();
        assert!(told.contains("2026-11-18") && told.contains("UTC"), "{told}");
        admin.post(&path, with(field, "2026-11-18")).await.created();
    }
    let made = admin.post(&path, with("note", "x")).await.created();
    let made = super::path_of(&app, &made);
    let refused = admin.patch(&made, "*", json!({"received_on": "2026-11-19"})).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/received_on");
    // The clock of a phone may be two minutes ahead.
    app.advance(TimeDelta::seconds(1));
    admin.patch(&made, "*", json!({"received_on": "2026-11-19", "expires_on": "2031-01-01"})).await.ok();
    admin.patch(&app.path(""), "*", json!({"time_zone": "Pacific/Kiritimati"})).await.ok();
    admin.post(&path, with("opened_on", "2026-11-19")).await.created();
    admin.post(&path, with("opened_on", "2026-11-20")).await.problem(422, "invalid");
}
