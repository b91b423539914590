//! What the process says of a login to its log, and what it says to somebody who asks about others.

use axum::http;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use super::{
    MAILBOX, OTHER_PHONE, PHONE, anonymous, ask, ask_by, challenge, email_change, holder, letter, log_in, open_doors,
    refresh, verify, with_email, wrong,
};
use crate::support::{
    TestApp,
    google::{self, Google},
    hex, log,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_of_a_firebase_sign_in_is_logged_even_at_the_finest_level(db: PgPool) {
    let google = Google::start().await;
    let firebase = google.vars();
    let mut vars: Vec<_> = firebase.iter().map(|(name, value)| (*name, value.as_str())).collect();
    vars.extend([("SIGN_UP", "open"), ("FIREBASE_BEARER", "true"), ("FIREBASE_APP_CHECK", "monitor")]);
    let app = TestApp::with_vars(db, &vars).await;
    let (log, _guard) = log::start();
    let id_token = google::sign(&google::phone_claims(app.now(), "a-uid-of-somebody", PHONE));
    let body = json!({ "id_token": id_token });
    let pair = app.nobody().post("/v1/auth/firebase", body.clone()).await.ok();
    app.nobody().post("/v1/auth/firebase", body).await.problem(401, "firebase-token-refused");
    app.nobody().with_token(&id_token).get("/v1/me").await.ok();
    let custom = holder(&app, &pair).post("/v1/auth/firebase/custom-token", json!({})).await.ok();
    let forged = google::keys().mallory.sign(&google::header(), &google::app_check_claims(app.now()));
    let asked = [("x-firebase-appcheck", &*forged)];
    let phone = Some(json!({ "phone": OTHER_PHONE }));
    app.nobody().send(http::Method::POST, "/v1/auth/otp/request", &asked, phone).await.expect(202);
    google.is(google::Mood::Down);
    app.advance(TimeDelta::minutes(11));
    app.nobody().with_token(&id_token).get("/v1/me").await.problem(503, "unavailable");

    let log = log.text();
    assert!(log.contains("app check would refuse this") && log.contains("accounts:lookup"), "the log is captured");
    let tokens = [&id_token, &forged, custom["token"].as_str().unwrap(), pair["access_token"].as_str().unwrap()];
    let others = [&PHONE[1..], &OTHER_PHONE[1..], "access-0", "PRIVATE KEY", "a-uid-of-somebody"];
    let signatures = tokens.map(|token| token.rsplit('.').next().unwrap());
    for secret in tokens.into_iter().chain(others).chain(signatures) {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_code_phone_or_token_is_logged_even_at_the_finest_level(db: PgPool) {
    let (log, _guard) = log::start();

    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("OTP_LENGTH", "8")]).await;
    let (challenge, code) = challenge(&app, PHONE).await;
    verify(&app, &challenge, &wrong(&code)).await.problem(401, "code-refused");
    let pair = verify(&app, &challenge, &code).await.ok();
    let next = refresh(&app, &pair["refresh_token"]).await.ok();
    refresh(&app, &next["refresh_token"]).await.ok();
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    holder(&app, &next).get("/v1/me").await.problem(401, "bad-token");
    ask(&app, PHONE).await.problem(429, "rate-limited");
    ask(&app, "+1900 555 0123").await.problem(422, "phone-refused");

    let log = log.text();
    assert!(log.contains("came back after its use"), "the log is captured");
    let mut secrets = vec![code.as_str(), &PHONE[1..], &PHONE[2..], "9005550123", "900 555 0123"];
    for pair in [&pair, &next] {
        secrets.extend([pair["access_token"].as_str().unwrap(), pair["refresh_token"].as_str().unwrap()]);
    }
    secrets.push(pair["device_token"].as_str().unwrap());
    for secret in secrets {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None);
    }
}

pub async fn known_and_unknown(db: PgPool) {
    let app = TestApp::new(db).await;
    app.owner().await;
    sqlx::query("insert into users (id, phone, created_at, updated_at) values ($1, $2, $3, $3)")
        .bind(uuid::Uuid::now_v7())
        .bind(PHONE)
        .bind(app.now())
        .execute(&app.db)
        .await
        .unwrap();
    let mut known = ask(&app, PHONE).await.expect(202);
    let mut unknown = ask(&app, OTHER_PHONE).await.expect(202);
    let ids = [known.body["challenge_id"].take(), unknown.body["challenge_id"].take()];
    assert_eq!(known.body, unknown.body);
    for answer in [&mut known, &mut unknown] {
        answer.headers.remove("x-request-id");
    }
    assert_eq!(known.headers, unknown.headers);

    app.drain().await;
    let terminal = app.terminal();
    assert_eq!(terminal.matches("code is").count(), 1, "one code for the one with an account");
    assert!(terminal.contains("note: no code goes to the phone"));
    assert!(!terminal.contains(OTHER_PHONE));
    for id in &ids {
        let delivery = app.nobody().get(&format!("/v1/auth/otp/challenges/{}", id.as_str().unwrap())).await.ok();
        assert_eq!((&delivery["state"], &delivery["channel"]), (&json!("queued"), &json!("sms")));
    }
    let again = [ask(&app, PHONE).await, ask(&app, OTHER_PHONE).await];
    let again = again.map(|refused| anonymous(refused.problem(429, "rate-limited")));
    assert_eq!(again[0], again[1]);
    let guesses = [verify(&app, &ids[0], "000000").await, verify(&app, &ids[1], "000000").await];
    let guesses = guesses.map(|refused| anonymous(refused.problem(401, "code-refused")));
    assert_eq!(guesses[0], guesses[1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_device_name_is_one_line_of_text(db: PgPool) {
    let app = open_doors(db).await;
    let (challenge, code) = challenge(&app, PHONE).await;
    for bad in [json!("a\nb"), json!("\0"), json!("x".repeat(201)), json!(1), json!("")] {
        let body = json!({ "challenge_id": challenge, "code": code, "device_name": bad });
        let problem = app.nobody().post("/v1/auth/otp/verify", body).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/device_name");
    }
    verify(&app, &challenge, &code).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_mailbox_or_code_to_it_is_logged_or_kept_outside_the_profile(db: PgPool) {
    let (log, _guard) = log::start();
    let app = with_email(db).await;
    let by = holder(&app, &log_in(&app, PHONE).await);
    app.advance(TimeDelta::seconds(30));
    let (id, code) = email_change::code_for(&app, &by, MAILBOX).await;
    let mut problems = email_change::confirm(&by, &id, &wrong(&code)).await.text;
    problems += &email_change::request(&by, &format!("{MAILBOX}@example.org")).await.text;
    email_change::confirm(&by, &id, &code).await.ok();
    app.advance(TimeDelta::seconds(30));
    let asked = ask_by(&app, "email", PHONE).await.expect(202).body;
    let last = letter(&app, "email").await.code();
    let pair = verify(&app, &asked["challenge_id"], &last).await.ok();
    problems += &email_change::request(&holder(&app, &pair), MAILBOX).await.text;
    let (tables, log) = (tables(&app).await, log.text());
    assert!(log.contains("insert into messages") && tables.contains("email_changed") && problems.contains("fresh"));
    for secret in ["rosalind", &code, &last, &hex("rosalind"), &hex(&code)] {
        for (what, text) in [("log", &log), ("tables", &tables), ("problems", &problems)] {
            assert_eq!(text.lines().find(|line| line.contains(secret)), None, "{secret} in the {what}");
        }
    }
}

/// Every row of every table but that of the people, in which phones belong.
pub async fn tables(app: &TestApp) -> String {
    let rows = sqlx::query_scalar(
        "select string_agg(query_to_xml(format('select t::text from %I t', table_name), true, false, '')::text, '')
        from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not in ('users', 'identities')",
    );
    rows.fetch_one(&app.db).await.unwrap()
}

/// Row 38 of the list of attacks. A whole run, with all that goes wrong in one, and everything that it leaves behind.
#[expect(clippy::too_many_lines, reason = "one run, told in its order")]
pub async fn a_whole_run(db: PgPool) {
    let google = Google::start().await;
    let firebase = google.vars();
    let mut vars: Vec<_> = firebase.iter().map(|(name, value)| (*name, value.as_str())).collect();
    vars.extend([("SIGN_UP", "open"), ("OTP_LENGTH", "8")]);
    let metrics = chemstock::platform::telemetry::install();
    let (log, _guard) = log::start();
    let app = TestApp::with_vars(db, &vars).await;
    let (id, code) = challenge(&app, PHONE).await;
    let guess = wrong(&code);
    let path = "/v1/auth/otp/verify";
    let keyed = json!({ "challenge_id": id, "code": code, "device_name": "x" });
    let mut refused = vec![
        ask(&app, PHONE).await,
        ask(&app, "+1900 555 0123").await,
        verify(&app, &id, &guess).await,
        verify(&app, &id, &code[1..]).await,
        app.nobody().post(path, json!({ "challenge_id": id, "code": code.parse::<u64>().unwrap() })).await,
        app.nobody().post(path, json!({ "challenge_id": code, "code": code })).await,
        app.nobody().post("/v1/auth/otp/request", json!({ "phone": PHONE[1..].parse::<u64>().unwrap() })).await,
        app.nobody().post("/v1/auth/otp/request", json!({ "phone": PHONE, "channel": PHONE })).await,
    ];
    let pair = app.nobody().post_with_key(path, "\"a-login\"", keyed.clone()).await.ok();
    app.nobody().post_with_key(path, "\"a-login\"", keyed).await.ok();
    let next = refresh(&app, &pair["refresh_token"]).await.ok();
    let access = pair["access_token"].as_str().unwrap();
    refused.push(refresh(&app, &pair["access_token"]).await);
    refused.push(refresh(&app, &json!([pair["refresh_token"]])).await);
    refused.push(app.nobody().with_token(&access[1..]).get("/v1/me").await);
    let last = refresh(&app, &next["refresh_token"]).await.ok();
    refused.push(refresh(&app, &pair["refresh_token"]).await);
    refused.push(holder(&app, &next).get("/v1/me").await);

    let id_token = google::sign(&google::phone_claims(app.now(), "a-uid-of-somebody", OTHER_PHONE));
    let body = json!({ "id_token": id_token });
    google.is(google::Mood::Down);
    refused.push(app.nobody().post("/v1/auth/firebase", body.clone()).await);
    google.is(google::Mood::Well);
    app.advance(TimeDelta::seconds(6));
    let fed = app.nobody().post("/v1/auth/firebase", body.clone()).await.ok();
    refused.push(app.nobody().post("/v1/auth/firebase", body).await);
    app.drain().await;
    let tables = tables(&app).await;
    // The last of what goes wrong: the database.
    app.app.lanes().close().await;
    for phone in [PHONE, OTHER_PHONE] {
        refused.push(ask(&app, phone).await);
    }
    refused.push(verify(&app, &id, &code).await);
    refused.push(refresh(&app, &next["refresh_token"]).await);

    assert!(refused.iter().all(|answer| answer.status.as_u16() >= 400), "{refused:?}");
    let problems = refused.iter().map(|it| format!("{} {:?}", it.text, it.headers)).collect::<Vec<_>>().join("\n");
    let (log, metrics) = (log.text(), metrics.render());
    for (what, text, sign) in [
        ("log", &log, "came back after its use"),
        ("metrics", &metrics, "http_server_request_duration_seconds"),
        ("tables", &tables, "code_guessed"),
        ("problems", &problems, "/problems/code-refused"),
    ] {
        assert!(text.contains(sign), "there is a {what}");
    }
    let text = |pair: &serde_json::Value, name: &str| pair[name].as_str().unwrap_or("no such token").to_owned();
    let mut secrets = vec![code, guess, PHONE[1..].to_owned(), PHONE[2..].to_owned(), OTHER_PHONE[1..].to_owned()];
    secrets.extend(["9005550123", "900 555 0123", "a-uid-of-somebody", "PRIVATE KEY"].map(str::to_owned));
    for pair in [&pair, &next, &last, &fed] {
        secrets.extend(["access_token", "refresh_token", "device_token"].map(|name| text(pair, name)));
    }
    secrets.extend(access.rsplit('.').chain(id_token.rsplit('.').take(1)).map(str::to_owned));
    for secret in secrets {
        let hex = hex(&secret);
        for (what, text) in [("log", &log), ("metrics", &metrics), ("tables", &tables), ("problems", &problems)] {
            let line = text.lines().find(|line| line.contains(&secret) || line.contains(&hex));
            assert_eq!(line, None, "{secret} in {what}");
        }
    }
}
