//! Another phone for the same person: rows 9, 34 and 35 of the list of attacks, and what else is to hold.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OTHER_PHONE, PHONE, ask, challenge, holder, last_code, log_in, open_doors, refresh, verify, wrong};
use crate::support::{Answer, Client, TestApp, redis::Kind};

const NEW_PHONE: &str = "+12025550177";
const HALF_A_MINUTE: TimeDelta = TimeDelta::seconds(30);

async fn request(by: &Client, phone: &str) -> Answer {
    by.post("/v1/me/phone", json!({ "phone": phone })).await
}

async fn confirm(by: &Client, challenge: &Value, code: &str) -> Answer {
    by.post("/v1/me/phone/confirm", json!({ "challenge_id": challenge, "code": code })).await
}

/// The challenge of a code to this new number of theirs, and the code.
pub async fn code_for(app: &TestApp, by: &Client, phone: &str) -> (Value, String) {
    // Of messages that leave together, none is the last.
    app.drain().await;
    let asked = request(by, phone).await.expect(202).body;
    app.drain().await;
    (asked["challenge_id"].clone(), last_code(app))
}

async fn events(app: &TestApp, outcome: &str) -> i64 {
    app.drain().await;
    let count = "select count(*) from login_events where kind = 'phone_changed' and outcome = $1";
    sqlx::query_scalar(count).bind(outcome).fetch_one(&app.db).await.unwrap()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_new_phone_is_the_users_and_the_old_one_is_told(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let by = holder(&app, &pair);
    let (id, code) = code_for(&app, &by, NEW_PHONE).await;
    assert!(app.terminal().contains("It makes this your new phone number."), "the message says what it is for");
    app.advance(TimeDelta::seconds(1));
    let before = by.get("/v1/me").await.expect(200).etag();
    let changed = confirm(&by, &id, &code).await.expect(200);
    assert_eq!((&changed.body["id"], &changed.body["phone"]), (&pair["user"]["id"], &json!(NEW_PHONE)));
    assert_ne!(changed.etag(), before);
    assert_eq!(by.get("/v1/me").await.ok(), changed.body);

    app.drain().await;
    assert!(
        app.terminal().contains(&format!("message to {PHONE}: The phone number of your")),
        "the old number is told"
    );
    let notices = "select count(*) from messages where challenge_id is null and not suppressed";
    assert_eq!(sqlx::query_scalar::<_, i64>(notices).fetch_one(&app.db).await.unwrap(), 1);
    // Filed under both numbers.
    assert_eq!((events(&app, "left").await, events(&app, "done").await), (1, 1));
    let hashes = "select count(distinct phone_hash) from login_events where kind = 'phone_changed'";
    assert_eq!(sqlx::query_scalar::<_, i64>(hashes).fetch_one(&app.db).await.unwrap(), 2);
    // The new number is how this user logs in from now on.
    assert_eq!(log_in(&app, NEW_PHONE).await["user"]["id"], pair["user"]["id"]);
}

pub async fn other_sessions_end(db: PgPool) {
    let app = open_doors(db).await;
    let (lost, here) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    let theirs = log_in(&app, OTHER_PHONE).await;
    holder(&app, &lost).get("/v1/me").await.ok();
    let by = holder(&app, &here);
    let (id, code) = code_for(&app, &by, NEW_PHONE).await;
    confirm(&by, &id, &code).await.ok();
    holder(&app, &lost).get("/v1/me").await.problem(401, "bad-token");
    refresh(&app, &lost["refresh_token"]).await.problem(401, "refresh-token-refused");
    refresh(&app, &here["refresh_token"]).await.ok();
    for alive in [&here, &theirs] {
        holder(&app, alive).get("/v1/me").await.ok();
    }
    let why = "select ended_because from sessions where ended_at is not null";
    assert_eq!(sqlx::query_scalar::<_, String>(why).fetch_one(&app.db).await.unwrap(), "phone_changed");
}

pub async fn a_fresh_login(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    app.advance(TimeDelta::minutes(5));
    request(&holder(&app, &pair), NEW_PHONE).await.expect(202);
    app.advance(TimeDelta::seconds(1));
    request(&holder(&app, &pair), NEW_PHONE).await.problem(403, "fresh-login-required");
    let refreshed = refresh(&app, &pair["refresh_token"]).await.ok();
    request(&holder(&app, &refreshed), NEW_PHONE).await.problem(403, "fresh-login-required");
    // Else the code of the change may arrive after that of the login.
    app.drain().await;
    let fresh = log_in(&app, PHONE).await;
    request(&holder(&app, &fresh), NEW_PHONE).await.expect(202);
}

pub async fn one_number_at_once(db: PgPool) {
    let app = open_doors(db).await;
    let mut wanting = Vec::new();
    for index in 0..6 {
        // Each asks in turn, as a number gets a code at a time: another voids the one before it, but not in a store of
        // its own, as another instance without a shared one would have it.
        let instance = app.restarted();
        let pair = log_in(&instance, &format!("+120255501{index:02}")).await;
        let by = holder(&instance, &pair);
        let (id, code) = code_for(&instance, &by, NEW_PHONE).await;
        wanting.push((by, id, code, instance));
    }
    let tries = wanting.iter().map(|(by, id, code, _)| {
        let (by, id, code) = (by.clone(), id.clone(), code.clone());
        async move { confirm(&by, &id, &code).await }
    });
    let tries: tokio::task::JoinSet<_> = tries.collect();
    let answers = tries.join_all().await;
    let (got, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status.is_success());
    assert_eq!((got.len(), refused.len()), (1, 5));
    for answer in refused {
        answer.problem(409, "phone-taken");
    }
    let holders = "select count(*) from users where phone = $1";
    assert_eq!(sqlx::query_scalar::<_, i64>(holders).bind(NEW_PHONE).fetch_one(&app.db).await.unwrap(), 1);
    let mut taken = 0;
    for (_, _, _, instance) in &wanting {
        taken = events(instance, "taken").await;
    }
    assert_eq!((taken, events(&app, "done").await), (5, 1));
}

/// Each wants the number of the other, and neither lets go of their own before: nobody can have both.
pub async fn a_swap_at_once(db: PgPool) {
    let app = TestApp::on_redis(db, Kind::Single, &[("SIGN_UP", "open")]).await;
    app.owner().await;
    let [mine, theirs] = [log_in(&app, PHONE).await, log_in(&app, OTHER_PHONE).await].map(|pair| holder(&app, &pair));
    app.advance(HALF_A_MINUTE);
    let (to_theirs, code) = code_for(&app, &mine, OTHER_PHONE).await;
    let (to_mine, other_code) = code_for(&app, &theirs, PHONE).await;
    let (one, two) = tokio::join!(confirm(&mine, &to_theirs, &code), confirm(&theirs, &to_mine, &other_code));
    for answer in [one, two] {
        assert!([409, 503].contains(&answer.status.as_u16()), "{}", answer.text);
    }
    assert_eq!(mine.get("/v1/me").await.ok()["phone"], PHONE);

    // Two that meet in the worst moment wait for each other, until the database ends one of them. The test is the
    // other.
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(&app, &mine, OTHER_PHONE).await;
    let mut other = app.db.begin().await.unwrap();
    let change = "update users set phone = $1 where phone = $2";
    sqlx::query("set local deadlock_timeout = '1min'").execute(&mut *other).await.unwrap();
    sqlx::query(change).bind(NEW_PHONE).bind(OTHER_PHONE).execute(&mut *other).await.unwrap();
    let body = json!({ "challenge_id": id, "code": code });
    let (by, first) = (mine.clone(), body.clone());
    let first = tokio::spawn(async move { by.post_with_key("/v1/me/phone/confirm", "swap", first).await });
    let waiting = "select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%phone_changed%')";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&app.db).await.unwrap() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    sqlx::query(change).bind(PHONE).bind(NEW_PHONE).execute(&mut *other).await.unwrap_err();
    let refused = first.await.unwrap();
    assert!(refused.headers.contains_key("retry-after"), "{}", refused.text);
    refused.problem(503, "unavailable");
    other.rollback().await.unwrap();
    // It has cost nothing: the code is still good for the repeat.
    sqlx::query(change).bind(NEW_PHONE).bind(OTHER_PHONE).execute(&app.db).await.unwrap();
    assert_eq!(mine.post_with_key("/v1/me/phone/confirm", "swap", body).await.ok()["phone"], OTHER_PHONE);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn that_a_number_is_taken_is_told_to_who_holds_it_and_not_before(db: PgPool) {
    let app = open_doors(db).await;
    log_in(&app, OTHER_PHONE).await;
    let mine = log_in(&app, PHONE).await;
    let by = holder(&app, &mine);
    app.advance(HALF_A_MINUTE);
    let shape = |answer: Answer| {
        let mut body = answer.expect(202).body;
        body["challenge_id"].take();
        body
    };
    assert_eq!(shape(request(&by, NEW_PHONE).await), shape(request(&by, OTHER_PHONE).await));
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(&app, &by, OTHER_PHONE).await;
    confirm(&by, &id, &wrong(&code)).await.problem(401, "code-refused");
    confirm(&by, &id, &code).await.problem(409, "phone-taken");
    confirm(&by, &id, &code).await.problem(401, "code-refused");
    assert_eq!(by.get("/v1/me").await.ok()["phone"], PHONE);
    assert_eq!(events(&app, "taken").await, 1);
}

pub async fn purpose_and_user(db: PgPool) {
    let app = open_doors(db).await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    let other = holder(&app, &log_in(&app, OTHER_PHONE).await);
    app.advance(HALF_A_MINUTE);
    // A code for a login changes no phone, and is as good as before for a login.
    let (id, code) = challenge(&app, NEW_PHONE).await;
    for _ in 0..6 {
        confirm(&by, &id, &code).await.problem(401, "code-refused");
    }
    let new_user = verify(&app, &id, &code).await.ok()["user"]["id"].clone();
    assert_ne!(new_user, json!(by.user_id));
    // One for a change logs nobody in, nor changes anybody else's phone.
    app.advance(HALF_A_MINUTE);
    let (id, code) = code_for(&app, &by, "+12025550178").await;
    for _ in 0..6 {
        verify(&app, &id, &code).await.problem(401, "code-refused");
        confirm(&other, &id, &code).await.problem(401, "code-refused");
    }
    confirm(&by, &id, &code).await.ok();
    confirm(&by, &id, &code).await.problem(401, "code-refused");
    // A refresh token's or session's id is no challenge.
    let session = by.get("/v1/auth/sessions").await.ok()["items"][0]["id"].clone();
    confirm(&by, &session, &code).await.problem(401, "code-refused");
}

pub async fn a_number_that_was_left(db: PgPool) {
    let app = open_doors(db).await;
    let (before, here) = (log_in(&app, PHONE).await, log_in(&app, PHONE).await);
    let by = holder(&app, &here);
    // On its way to the old number, before it is left.
    app.advance(HALF_A_MINUTE);
    let (pending, pending_code) = challenge(&app, PHONE).await;
    let (id, code) = code_for(&app, &by, NEW_PHONE).await;
    confirm(&by, &id, &code).await.ok();
    let newcomer = verify(&app, &pending, &pending_code).await.ok();
    assert_ne!(newcomer["user"]["id"], here["user"]["id"]);
    assert_eq!(newcomer["user"]["labs"], json!([]));
    assert_eq!(log_in(&app, PHONE).await["user"]["id"], newcomer["user"]["id"]);
    holder(&app, &before).get("/v1/me").await.problem(401, "bad-token");
    refresh(&app, &before["refresh_token"]).await.problem(401, "refresh-token-refused");
    let sessions = holder(&app, &newcomer).get("/v1/auth/sessions").await.ok();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 2, "only the newcomer's own");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_change_counts_against_the_limits_of_phone_and_address(db: PgPool) {
    let limits = [("SIGN_UP", "open"), ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_HOUR", "3")];
    let app = TestApp::with_vars(db, &limits).await;
    app.owner().await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    request(&by, NEW_PHONE).await.expect(202);
    // The phone's own limit: one in half a minute, whatever it is for. What is refused is given back to the address.
    request(&by, NEW_PHONE).await.problem(429, "rate-limited");
    ask(&app, NEW_PHONE).await.problem(429, "rate-limited");
    request(&by, "+12025550178").await.expect(202);
    request(&by, "+12025550179").await.problem(429, "rate-limited");
    request(&by.at("198.51.100.7"), "+12025550179").await.expect(202);
    for bad in ["", "911", "+1900555", "+12025550123;ext=1"] {
        request(&by, bad).await.problem(422, "phone-refused");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn wrong_codes_void_a_change_and_count_for_the_new_number(db: PgPool) {
    let app = open_doors(db).await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    let (id, code) = code_for(&app, &by, NEW_PHONE).await;
    for _ in 0..5 {
        confirm(&by, &id, &wrong(&code)).await.problem(401, "code-refused");
    }
    confirm(&by, &id, &code).await.problem(401, "code-refused");
    let failed = "select in_a_row from login_failures";
    assert_eq!(sqlx::query_scalar::<_, i32>(failed).fetch_all(&app.db).await.unwrap(), [5]);
    app.advance(HALF_A_MINUTE);
    request(&by, NEW_PHONE).await.expect(202);
    confirm(&by, &id, "12345x").await.problem(422, "invalid");
}
