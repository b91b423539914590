//! The real binary with `ENVIRONMENT=production`: Postgres, Redis, a key, and a provider whose API stands on the
//! loopback.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, http::StatusCode, routing::post};
use chemstock::base::tokens::KeyRing;
use serde_json::json;
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::support::{
    folder::Folder,
    instance::{Instance, database_url, variable},
    schema::emptied,
};

/// Nobody has a number for examples, so none is sent a code.
const OWNER: &str = "+4915112345678";

/// Takes every message and keeps it.
async fn provider() -> (String, Arc<Mutex<Vec<String>>>) {
    let taken = Arc::<Mutex<Vec<String>>>::default();
    let kept = taken.clone();
    let take = async move |body: String| {
        kept.lock().unwrap().push(body);
        (StatusCode::CREATED, r#"{"sid": "SM00000000000000000000000000000001", "status": "queued", "price": null}"#)
    };
    let routes = Router::new().route("/2010-04-01/Accounts/{sid}/Messages.json", post(take));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, routes).into_future());
    (url, taken)
}

async fn code_in(taken: &Mutex<Vec<String>>) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let last = taken.lock().unwrap().last().cloned();
        if let Some((_, rest)) = last.as_deref().and_then(|body| body.split_once("code+is+")) {
            return rest.chars().take_while(char::is_ascii_digit).collect();
        }
        assert!(Instant::now() < deadline, "no code was sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[sqlx::test(migrations = false)]
async fn production_starts_and_lets_the_owner_in_by_a_code_that_a_provider_brought(db: PgPool) {
    emptied(&db).await;
    let (folder, (twilio, taken)) = (Folder::new(), provider().await);
    let key = folder.0.join("jwt.pem");
    std::fs::write(&key, KeyRing::generate_pem()).unwrap();
    let secret = uuid::Uuid::new_v4().simple().to_string();
    let (database, redis) = (database_url(&db), variable("TEST_REDIS_URL"));
    let vars = [
        ("ENVIRONMENT", "production"),
        ("HOST", "127.0.0.1"),
        ("DATABASE_URL", database.as_str()),
        ("REDIS_URL", &redis),
        ("SECRET_KEY", &secret),
        ("JWT_PRIVATE_KEYS", key.to_str().unwrap()),
        ("PUBLIC_URL", "https://chemstock.example.org"),
        ("BOOTSTRAP_OWNER_PHONE", OWNER),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("TWILIO_AUTH_TOKEN", "hunter2-hunter2-hunter2-hunter2-"),
        ("TWILIO_PHONE_NUMBER", "+15005550006"),
        ("TWILIO_BASE_URL", &twilio),
    ];
    let instance = Instance::start(&folder, &vars).await;
    let (status, asked) = instance.post("/auth/otp/request", &json!({ "phone": OWNER })).await;
    assert_eq!(status, 202, "{asked}");
    let code = code_in(&taken).await;
    let shown = json!({ "challenge_id": asked["challenge_id"], "code": code });
    let (status, pair) = instance.post("/auth/otp/verify", &shown).await;
    assert_eq!((status, &pair["user"]["is_owner"]), (200, &json!(true)), "{pair}");
    let said = instance.said();
    for secret in [&code, &OWNER[1..], "hunter2", pair["access_token"].as_str().unwrap()] {
        assert!(!said.contains(secret), "{said}");
    }
}
