//! The signing key changes while everybody works.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chemstock::base::tokens::KeyRing;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;

use super::{holder, log_in, open_doors};
use crate::support::{Client, TestApp};

const TASKS: usize = 16;

fn use_keys(app: &TestApp, pems: &[&String]) {
    let pems: Vec<_> = pems.iter().map(|pem| (*pem).clone()).collect();
    app.app.tokens.replace_keys(KeyRing::from_pems(&pems).unwrap());
}

struct Work {
    rounds: [AtomicUsize; TASKS],
    done: AtomicBool,
}

impl Work {
    /// Until everybody has begun and ended two rounds more: no token from before is in use any more.
    async fn goes_on(&self) {
        let before: Vec<_> = self.rounds.iter().map(|rounds| rounds.load(Ordering::SeqCst)).collect();
        let is_behind = || self.rounds.iter().zip(&before).any(|(now, then)| now.load(Ordering::SeqCst) < then + 3);
        while is_behind() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Signs by a refresh on the one instance, and is known by the new token on both.
async fn work(work: Arc<Work>, task: usize, instances: [Client; 2], mut refresh_token: serde_json::Value) {
    while !work.done.load(Ordering::SeqCst) {
        let round = work.rounds[task].load(Ordering::SeqCst);
        let (signs, other) = (&instances[round % 2], &instances[(round + 1) % 2]);
        let pair = signs.post("/v1/auth/refresh", json!({ "refresh_token": refresh_token })).await.ok();
        let token = pair["access_token"].as_str().unwrap();
        // Twice: the first look is cold, the second may be from memory.
        for by in [other, signs, other, signs] {
            by.with_token(token).get("/v1/me").await.ok();
        }
        refresh_token = pair["refresh_token"].clone();
        work.rounds[task].fetch_add(1, Ordering::SeqCst);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_key_is_changed_under_load_on_two_instances_and_no_token_is_refused(db: PgPool) {
    let (old, new) = (KeyRing::generate_pem(), KeyRing::generate_pem());
    let here = open_doors(db).await;
    let there = here.restarted();
    let instances = [&here, &there];
    for app in instances {
        use_keys(app, &[&old]);
    }
    let state = Arc::new(Work { rounds: Default::default(), done: AtomicBool::new(false) });
    let mut tasks = JoinSet::new();
    let mut by_old = Vec::new();
    for task in 0..TASKS {
        let pair = log_in(&here, &format!("+120255501{task:02}")).await;
        by_old.push(pair.clone());
        let clients = instances.map(TestApp::nobody);
        tasks.spawn(work(state.clone(), task, clients, pair["refresh_token"].clone()));
    }
    state.goes_on().await;
    // Next, active, gone: one instance after the other, and work between.
    for step in [&[&old, &new][..], &[&new, &old], &[&new]] {
        for app in instances {
            use_keys(app, step);
            state.goes_on().await;
        }
    }
    state.done.store(true, Ordering::SeqCst);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("every request was let in");
    }
    for app in instances {
        holder(app, &by_old[0]).get("/v1/me").await.problem(401, "bad-token");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_key_set_shows_every_key_and_may_be_kept_for_five_minutes(db: PgPool) {
    let app = open_doors(db).await;
    let (active, next) = (KeyRing::generate_pem(), KeyRing::generate_pem());
    use_keys(&app, &[&active, &next]);
    let answer = app.nobody().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    let kids: Vec<_> = answer.body["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    let ring = KeyRing::from_pems(&[active, next]).unwrap();
    assert_eq!(kids, ring.list().into_iter().map(|key| json!(key.kid)).collect::<Vec<_>>());
    assert!(!answer.text.contains("\"d\""), "no private part");
}

/// The files are what changes; the setting stays.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn keys_are_read_again_from_their_files_and_bad_files_change_nothing(db: PgPool) {
    let folder = std::env::temp_dir().join(format!("chemstock-keys-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("jwt.pem");
    let (old, new) = (KeyRing::generate_pem(), KeyRing::generate_pem());
    let app = TestApp::with_vars(db, &[("JWT_PRIVATE_KEYS", file.to_str().unwrap())]).await;
    let reload = || chemstock::serve::reload_keys(&app.app);
    std::fs::write(&file, &old).unwrap();
    reload().unwrap();
    let by_old = app.stranger().await;
    std::fs::write(&file, format!("{new}{old}")).unwrap();
    reload().unwrap();
    let by_new = app.stranger().await;
    for broken in ["", "no key", &new[..70]] {
        std::fs::write(&file, broken).unwrap();
        assert!(reload().is_err(), "{broken:?}");
        by_old.get("/v1/me").await.ok();
        by_new.get("/v1/me").await.ok();
    }
    std::fs::remove_file(&file).unwrap();
    assert!(reload().is_err());
    by_new.get("/v1/me").await.ok();
    std::fs::write(&file, &new).unwrap();
    reload().unwrap();
    by_old.get("/v1/me").await.problem(401, "bad-token");
    by_new.get("/v1/me").await.ok();
    std::fs::remove_dir_all(&folder).unwrap();
}
