//! A Firebase ID token in the place of an access token.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PHONE, UID, exchange, good, with_google};
use crate::{
    people::login,
    support::{
        Client, TestApp,
        google::{self, Google, Mood},
    },
};

async fn admitting(db: PgPool) -> (TestApp, Google) {
    with_google(db, &[("FIREBASE_BEARER", "true")]).await
}

fn bearer(app: &TestApp, claims: &Value) -> Client {
    app.nobody().with_token(&google::sign(claims))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn it_is_refused_unless_the_installation_admits_it(db: PgPool) {
    let (app, google) = with_google(db, &[]).await;
    let token = google::sign(&good(app.now()));
    exchange(&app, &token).await.ok();
    app.nobody().with_token(&token).get("/v1/me").await.problem(401, "bad-token");
    assert_eq!(google.look_ups(), 1, "nobody asks about it");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn its_person_does_what_their_role_allows(db: PgPool) {
    let (app, _google) = admitting(db).await;
    let user = login::log_in(&app, PHONE).await["user"].clone();
    let by = bearer(&app, &good(app.now()));
    // Known by the phone, without any exchange.
    assert_eq!(by.get("/v1/me").await.ok()["id"], user["id"]);
    by.get(&app.path("/containers")).await.problem(404, "not-found");
    sqlx::query(
        "insert into memberships (lab_id, user_id, role, created_at, updated_at) values ($1, $2::uuid, $3, $4, $4)",
    )
    .bind(app.lab)
    .bind(user["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap())
    .bind("viewer")
    .bind(app.now())
    .execute(&app.db)
    .await
    .unwrap();
    chemstock::auth::forget(&app.app, user["id"].as_str().unwrap().parse().unwrap());
    by.get(&app.path("/containers")).await.ok();
    by.post(&app.path("/containers"), json!({})).await.problem(403, "forbidden");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_is_not_known_here_is_told_where_to_become_known(db: PgPool) {
    let (app, _google) = admitting(db).await;
    let claims = google::claims(app.now(), "somebody", "google.com");
    for claims in [&claims, &good(app.now())] {
        let problem = bearer(&app, claims).get("/v1/me").await.problem(401, "firebase-user-unknown");
        assert!(problem["detail"].as_str().unwrap().contains("/v1/auth/firebase"), "{problem}");
    }
    let pair = exchange(&app, &google::sign(&claims)).await.ok();
    assert_eq!(bearer(&app, &claims).get("/v1/me").await.ok()["id"], pair["user"]["id"]);
    // A phone that another provider states is not a way in.
    login::log_in(&app, PHONE).await;
    let mut stated = google::claims(app.now(), "mallory", "google.com");
    stated["phone_number"] = PHONE.into();
    bearer(&app, &stated).get("/v1/me").await.problem(401, "firebase-user-unknown");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_is_about_sessions_refuses_it(db: PgPool) {
    let (app, _google) = admitting(db).await;
    let session = claims_session(&login::log_in(&app, PHONE).await);
    let by = bearer(&app, &good(app.now()));
    by.get("/v1/me").await.ok();
    let one = format!("/v1/auth/sessions/{session}");
    for (method, path) in [
        (Method::POST, "/v1/auth/logout"),
        (Method::GET, "/v1/auth/sessions"),
        (Method::DELETE, "/v1/auth/sessions"),
        (Method::DELETE, &one),
        (Method::POST, "/v1/auth/firebase/custom-token"),
    ] {
        by.send(method, path, &[], None).await.problem(403, "session-required");
    }
}

fn claims_session(pair: &Value) -> String {
    super::claims_of(pair)["sid"].as_str().unwrap().to_owned()
}

pub async fn other_kinds(db: PgPool) {
    let (app, _google) = admitting(db).await;
    let pair = login::log_in(&app, PHONE).await;
    let holder = login::holder(&app, &pair);
    let custom = holder.post("/v1/auth/firebase/custom-token", json!({})).await.ok();
    let mut cookie = good(app.now());
    cookie["iss"] = "https://session.firebase.google.com/chem-lab-1".into();
    let tokens = [
        pair["refresh_token"].as_str().unwrap().to_owned(),
        custom["token"].as_str().unwrap().to_owned(),
        google::sign(&google::app_check_claims(app.now())),
        google::sign(&cookie),
    ];
    for token in &tokens {
        app.nobody().with_token(token).get("/v1/me").await.problem(401, "bad-token");
        exchange(&app, token).await.problem(401, "firebase-token-refused");
    }
    // And those that are good elsewhere are good there alone.
    let (access, id_token) = (&pair["access_token"], google::sign(&good(app.now())));
    login::refresh(&app, access).await.problem(401, "refresh-token-refused");
    login::refresh(&app, &json!(id_token)).await.problem(401, "refresh-token-refused");
    exchange(&app, access.as_str().unwrap()).await.problem(401, "firebase-token-refused");
    holder.get("/v1/me").await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_forged_one_is_refused_as_at_the_exchange(db: PgPool) {
    let (app, _google) = admitting(db).await;
    login::log_in(&app, PHONE).await;
    let good = good(app.now());
    let (mut early, mut late, mut anonymous) = (good.clone(), good.clone(), good.clone());
    early["iat"] = json!(app.now().timestamp() + 61);
    late["exp"] = json!(app.now().timestamp());
    anonymous["firebase"]["sign_in_provider"] = "anonymous".into();
    let unsigned = format!("{}.{}.", google::part(&json!({"alg": "none", "typ": "JWT"})), google::part(&good));
    let mut tokens: Vec<_> = [early, late, anonymous].iter().map(google::sign).collect();
    tokens.extend([unsigned, google::keys().mallory.sign(&google::header(), &good)]);
    for token in tokens {
        app.nobody().with_token(&token).get("/v1/me").await.problem(401, "bad-token");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn one_of_an_account_that_was_disabled_or_revoked_dies_within_a_minute(db: PgPool) {
    let (app, google) = admitting(db).await;
    login::log_in(&app, PHONE).await;
    let by = bearer(&app, &good(app.now()));
    by.get("/v1/me").await.ok();
    by.get("/v1/me").await.ok();
    assert_eq!((google.key_fetches(), google.look_ups()), (1, 1), "known tokens and accounts cost nothing");
    for account in [json!({"disabled": true}), json!({"validSince": (app.now().timestamp() + 1).to_string()})] {
        google.says_of(UID, json!({}));
        app.advance(TimeDelta::seconds(61));
        by.get("/v1/me").await.ok();
        google.says_of(UID, account);
        app.advance(TimeDelta::seconds(61));
        by.get("/v1/me").await.problem(401, "bad-token");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn while_google_is_away_what_is_known_holds_for_ten_minutes(db: PgPool) {
    let (app, google) = admitting(db).await;
    let pair = login::log_in(&app, PHONE).await;
    let by = bearer(&app, &good(app.now()));
    by.get("/v1/me").await.ok();
    google.is(Mood::Down);
    app.advance(TimeDelta::minutes(10));
    by.get("/v1/me").await.ok();
    app.advance(TimeDelta::seconds(1));
    by.get("/v1/me").await.problem(503, "unavailable");
    // Our own tokens need no Google.
    let next = login::refresh(&app, &pair["refresh_token"]).await.ok();
    login::holder(&app, &next).get("/v1/me").await.ok();
    google.is(Mood::Well);
    app.advance(TimeDelta::seconds(5));
    by.get("/v1/me").await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_is_disabled_here_is_refused(db: PgPool) {
    let (app, _google) = admitting(db).await;
    let user = login::log_in(&app, PHONE).await["user"]["id"].as_str().unwrap().parse().unwrap();
    let by = bearer(&app, &good(app.now()));
    by.get("/v1/me").await.ok();
    sqlx::query("update users set disabled_at = now() where id = $1")
        .bind::<uuid::Uuid>(user)
        .execute(&app.db)
        .await
        .unwrap();
    chemstock::auth::forget(&app.app, user);
    by.get("/v1/me").await.problem(401, "bad-token");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn its_idempotency_keys_are_those_of_its_person(db: PgPool) {
    let (app, _google) = admitting(db).await;
    let owner = login::log_in(&app, PHONE).await;
    sqlx::query("update users set is_owner = true where phone = $1").bind(PHONE).execute(&app.db).await.unwrap();
    chemstock::auth::forget(&app.app, owner["user"]["id"].as_str().unwrap().parse().unwrap());
    let by = bearer(&app, &good(app.now()));
    let made = by.post_with_key("/v1/labs", "one", json!({"name": "By Firebase"})).await.created();
    let repeated = login::holder(&app, &owner).post_with_key("/v1/labs", "one", json!({"name": "By Firebase"})).await;
    assert_eq!(repeated.created()["id"], made["id"]);
}
