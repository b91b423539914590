//! Who sees a job, and what they may do with it.

use chemstock::platform::jobs::{Queue, Runner};
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Panic, Wait, Write, enqueue, enqueue_as, probe, run_due, runner, start, until_state};
use crate::support::{Client, TestApp};

fn of(client: &Client, lab: Option<Uuid>) -> Queue {
    Queue { created_by: Some(client.user_id), lab_id: lab, ..Queue::default() }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_is_shown_to_whoever_asked_for_it_the_admins_of_its_lab_and_owners(db: PgPool) {
    let app = TestApp::new(db).await;
    let (member, admin) = (app.client("member").await, app.client("admin").await);
    let (manager, owner, stranger) = (app.client("manager").await, app.owner().await, app.stranger().await);
    let id = enqueue_as(&app, &Write(5), of(&member, Some(app.lab))).await;
    run_due(&app).await;
    let path = format!("/v1/jobs/{id}");
    for by in [&member, &admin, &owner] {
        let job = by.get(&path).await.ok();
        assert_eq!((&job["state"], &job["result"]), (&json!("done"), &json!({"written": 5})));
        assert_eq!(job["progress"], json!({"done": 1, "total": 1, "note": null}));
        assert!(job.get("payload").is_none(), "{job}");
    }
    for by in [&manager, &stranger] {
        by.get(&path).await.problem(404, "not-found");
        by.get(&format!("{path}/events")).await.problem(404, "not-found");
        by.post(&format!("{path}/cancel"), json!({})).await.problem(404, "not-found");
    }
    let left = "update memberships set left_at = created_at where user_id = $1";
    sqlx::query(left).bind(member.user_id).execute(&app.db).await.unwrap();
    chemstock::auth::forget(&app.app, member.user_id);
    member.get(&path).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_owner_finds_a_dead_letter_and_repeats_it(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    enqueue(&app, &Write(1)).await;
    let id = enqueue(&app, &Panic { phone: String::new() }).await;
    for _ in 0..3 {
        run_due(&app).await;
        app.advance(TimeDelta::seconds(20));
    }
    let failed = owner.get("/v1/admin/jobs?state=failed&kind=panic").await.ok();
    assert_eq!(failed["items"].as_array().unwrap().len(), 1);
    let letter = &failed["items"][0];
    assert_eq!((&letter["id"], &letter["attempts"]), (&json!(id), &json!(3)));
    assert!(letter["last_error"].as_str().unwrap().contains("panicked"), "{letter}");

    probe(&app.app).let_go();
    let path = format!("/v1/admin/jobs/{id}/retry");
    let queued = owner.post(&path, json!({})).await.ok();
    assert_eq!((&queued["state"], &queued["attempts"]), (&json!("queued"), &json!(0)));
    owner.post(&path, json!({})).await.problem(409, "job-state");
    assert_eq!(run_due(&app).await, 1);
    let done = owner.get(&format!("/v1/jobs/{id}")).await.ok();
    assert_eq!((&done["state"], &done["last_error"]), (&json!("done"), &json!(null)));
    owner.post(&path, json!({})).await.problem(409, "job-state");
    owner.post(&format!("/v1/admin/jobs/{}/retry", Uuid::now_v7()), json!({})).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_dead_letter_that_nobody_need_repeat_is_closed(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    let id = enqueue(&app, &Write(1)).await;
    sqlx::query("update jobs set state = 'failed', finished_at = created_at").execute(&app.db).await.unwrap();
    let path = format!("/v1/jobs/{id}/cancel");
    assert_eq!(owner.post(&path, json!({})).await.ok()["state"], "cancelled");
    owner.post(&path, json!({})).await.problem(409, "job-state");
    assert_eq!(owner.get("/v1/admin/jobs?state=failed").await.ok()["items"], json!([]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_dead_letter_whose_key_is_in_use_again_is_not_repeated(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    let keyed = || Queue { key: Some("one".to_owned()), ..Queue::default() };
    let id = enqueue_as(&app, &Write(1), keyed()).await;
    sqlx::query("update jobs set state = 'failed', finished_at = created_at").execute(&app.db).await.unwrap();
    enqueue_as(&app, &Write(2), keyed()).await;
    owner.post(&format!("/v1/admin/jobs/{id}/retry"), json!({})).await.problem(409, "job-state");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_of_jobs_has_pages_from_the_newest_on(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    for n in 0..5 {
        enqueue(&app, &Write(n)).await;
        app.advance(TimeDelta::seconds(1));
    }
    let (mut cursor, mut times) = (String::new(), Vec::new());
    loop {
        let page = owner.get(&format!("/v1/admin/jobs?limit=2&cursor={cursor}")).await.ok();
        times.extend(page["items"].as_array().unwrap().iter().map(|job| job["created_at"].to_string()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    assert_eq!(times.len(), 5);
    assert!(times.is_sorted_by(|newer, older| newer > older), "{times:?}");
    assert_eq!(owner.get("/v1/admin/jobs?kind=other").await.ok()["items"], json!([]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_that_runs_shows_its_progress_and_ends_when_it_is_cancelled(db: PgPool) {
    let app = TestApp::new(db).await;
    let member = app.client("member").await;
    let id = enqueue_as(&app, &Wait, of(&member, Some(app.lab))).await;
    let (running, stop) = start(&app, runner(&app));
    probe(&app.app).begun.notified().await;
    let path = format!("/v1/jobs/{id}");
    let job = member.get(&path).await.ok();
    assert_eq!((&job["state"], &job["cancel_requested"]), (&json!("running"), &json!(false)));
    assert_eq!(job["progress"], json!({"done": 1, "total": 3, "note": "waiting"}));
    let asked = member.post(&format!("{path}/cancel"), json!({})).await.ok();
    assert_eq!((&asked["state"], &asked["cancel_requested"]), (&json!("running"), &json!(true)));
    until_state(&app, id, "cancelled").await;
    assert_eq!(member.get(&path).await.ok()["progress"]["done"], 1);
    member.post(&format!("{path}/cancel"), json!({})).await.problem(409, "job-state");
    stop.cancel();
    running.await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_job_that_waits_is_cancelled_at_once_and_a_step_never(db: PgPool) {
    let app = TestApp::new(db).await;
    let owner = app.owner().await;
    let id = enqueue_as(&app, &Write(1), of(&owner, None)).await;
    assert_eq!(owner.post(&format!("/v1/jobs/{id}/cancel"), json!({})).await.ok()["state"], "cancelled");
    assert_eq!(run_due(&app).await, 0);
    Runner::new(app.app.clone(), chemstock::worker::registry()).run_due().await.unwrap();
    let step = owner.get("/v1/admin/jobs?kind=sweep_jobs").await.ok()["items"][0]["id"].clone();
    let step = step.as_str().unwrap();
    owner.post(&format!("/v1/jobs/{step}/cancel"), json!({})).await.problem(409, "job-state");
}
