//! Wrong codes in a row: rows 1, 13 and 14.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use super::scene::*;
use crate::people::login::{OTHER_PHONE, PHONE, refresh};

pub async fn a_new_code_resets_no_count(db: PgPool) {
    let app = open_doors(db).await;
    let (first, code) = challenge(&app, PHONE).await;
    for _ in 0..4 {
        verify(&app, &first, &wrong(&code)).await.problem(401, "code-refused");
    }
    app.advance(HALF_A_MINUTE);
    let (second, code) = challenge(&app, PHONE).await;
    assert_eq!(failures_of(&app, PHONE).await, 4);
    verify(&app, &second, &wrong(&code)).await.problem(401, "code-refused");
    assert_eq!(failures_of(&app, PHONE).await, 5);
    // From the fifth on everything waits: a guess, even the right one, is not compared and not counted.
    verify(&app, &second, &code).await.problem(401, "code-refused");
    verify(&app, &second, &wrong(&code)).await.problem(401, "code-refused");
    assert_eq!(failures_of(&app, PHONE).await, 5);
    assert_eq!(retry_after(ask(&app, PHONE).await), 30);
    app.advance(TimeDelta::seconds(29));
    verify(&app, &second, &code).await.problem(401, "code-refused");
    app.advance(TimeDelta::seconds(1));
    // It has waited in vain for nothing: the code is still good, and the right one resets the count.
    verify(&app, &second, &code).await.ok();
    assert_eq!(failures_of(&app, PHONE).await, 0);
}

pub async fn the_count_outlives_the_codes(db: PgPool) {
    let app = open_doors(db).await;
    let (id, code) = challenge(&app, PHONE).await;
    for _ in 0..5 {
        verify(&app, &id, &wrong(&code)).await.problem(401, "code-refused");
    }
    let app = app.restarted();
    assert_eq!(failures_of(&app, PHONE).await, 5);
    // The cooldown of the phone is forgotten, its failures are not.
    assert_eq!(retry_after(ask(&app, PHONE).await), 30);
    ask(&app, OTHER_PHONE).await.expect(202);
}

pub async fn waits_double(db: PgPool) {
    let app = TestApp::with_vars(db, &[("SIGN_UP", "open"), ("MAX_OTP_ATTEMPTS_PER_HOUR", "100")]).await;
    app.owner().await;
    have_failed(&app, PHONE, 4, app.now()).await;
    for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        let (id, code) = challenge(&app, PHONE).await;
        verify(&app, &id, &wrong(&code)).await.problem(401, "code-refused");
        assert_eq!(retry_after(ask(&app, PHONE).await), wait);
        app.advance(TimeDelta::seconds(wait));
    }
}

pub async fn the_hundredth_locks(db: PgPool) {
    let app = open_doors(db).await;
    log_in(&app, PHONE).await;
    app.advance(HALF_A_MINUTE);
    have_failed(&app, PHONE, 98, app.now()).await;
    for _ in 99..=100 {
        let (id, code) = challenge(&app, PHONE).await;
        verify(&app, &id, &wrong(&code)).await.problem(401, "code-refused");
        app.advance(TimeDelta::hours(1));
    }
    assert_eq!(failures_of(&app, PHONE).await, 100);
    assert_eq!(events(&app, "phone_locked", "done").await, 1);
    // It looks like the longest wait, but no wait ends it.
    assert_eq!(retry_after(ask(&app, PHONE).await), 3600);
    app.advance(TimeDelta::days(400));
    assert_eq!(retry_after(ask(&app.restarted(), PHONE).await), 3600);
    let phone = Phone::parse(PHONE, None).unwrap();
    assert!(chemstock::people::codes::unlock(&app.app, &phone).await.unwrap());
    assert_eq!(events(&app, "phone_unlocked", "done").await, 1);
    log_in(&app, PHONE).await;
    assert!(!chemstock::people::codes::unlock(&app.app, &phone).await.unwrap());
}

pub async fn fifty_at_once_near_the_lock(db: PgPool) {
    let app = open_doors(db).await;
    have_failed(&app, PHONE, 97, app.now()).await;
    let (id, code) = challenge(&app, PHONE).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (nobody, body) = (app.nobody(), json!({ "challenge_id": id, "code": wrong(&code) }));
        guesses.spawn(async move { nobody.post(VERIFY, body).await.status.as_u16() });
    }
    assert!(guesses.join_all().await.iter().all(|status| *status == 401));
    // Those that come before the first one is counted; the others are held up by its wait.
    let in_a_row = failures_of(&app, PHONE).await;
    assert!((98..=100).contains(&in_a_row), "{in_a_row}");
    assert_eq!(events(&app, "code_guessed", "wrong").await, i64::from(in_a_row - 97));
}

pub async fn a_lock_after_the_code_was_sent(db: PgPool) {
    let app = open_doors(db).await;
    log_in(&app, PHONE).await;
    app.advance(HALF_A_MINUTE);
    let (id, code) = challenge(&app, PHONE).await;
    lock(&app, PHONE).await;
    verify(&app, &id, &code).await.problem(401, "code-refused");
    assert_eq!(events(&app, "code_guessed", "locked").await, 1);
}

pub async fn a_lock_before_the_token(db: PgPool) {
    let app = open_doors(db).await;
    log_in(&app, PHONE).await;
    app.advance(HALF_A_MINUTE);
    let (id, code) = challenge(&app, PHONE).await;
    // The statement that makes the session waits for this table, before it has looked at anything.
    let mut tx = app.db.begin().await.unwrap();
    sqlx::query("lock table refresh_tokens in access exclusive mode").execute(&mut *tx).await.unwrap();
    let (nobody, body) = (app.nobody(), json!({ "challenge_id": id, "code": code }));
    let right = tokio::spawn(async move { nobody.post(VERIFY, body).await });
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%consumed_challenges%'";
    while count(&app, waiting).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    lock(&app, PHONE).await;
    tx.commit().await.unwrap();
    right.await.unwrap().problem(401, "code-refused");
    assert_eq!(events(&app, "logged_in", "locked").await, 1);
    assert_eq!(count(&app, "select count(*) from sessions where amr = '{sms}' and device_name = ''").await, 2);
    assert_eq!(failures_of(&app, PHONE).await, 100);
    // The code is spent all the same.
    assert_eq!(count(&app, "select count(*) from consumed_challenges").await, 2);
}

pub async fn disabled_with_a_code(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    app.advance(HALF_A_MINUTE);
    let (id, code) = challenge(&app, PHONE).await;
    sqlx::query("update users set disabled_at = now() where phone = $1").bind(PHONE).execute(&app.db).await.unwrap();
    verify(&app, &id, &code).await.problem(403, "forbidden");
    refresh(&app, &pair["refresh_token"]).await.problem(401, "refresh-token-refused");
    assert_eq!(events(&app, "logged_in", "disabled").await, 1);
}

pub async fn a_known_device_of_a_locked_phone(db: PgPool) {
    let app = open_doors(db).await;
    let pair = log_in(&app, PHONE).await;
    let device = pair["device_token"].clone();
    app.advance(HALF_A_MINUTE);
    lock(&app, PHONE).await;
    assert_eq!(retry_after(ask(&app, PHONE).await), 3600);

    let asked = ask_as(&app, PHONE, &device).await.expect(202).body;
    app.drain().await;
    let again = verify(&app, &asked["challenge_id"], &last_code(&app)).await.ok();
    assert_eq!(again["user"]["id"], pair["user"]["id"]);
    // It stays the device that it was, and what strangers did stays counted.
    assert_eq!(again["device_token"], device);
    assert_eq!(failures_of(&app, PHONE).await, 100);
    let refreshed = refresh(&app, &again["refresh_token"]).await.ok();
    assert!(refreshed.get("device_token").is_none());
}

pub async fn a_known_device_has_codes_of_its_own(db: PgPool) {
    let app = open_doors(db).await;
    let device = log_in(&app, PHONE).await["device_token"].clone();
    app.advance(HALF_A_MINUTE);
    let owners = ask_as(&app, PHONE, &device).await.expect(202).body["challenge_id"].clone();
    app.drain().await;
    let code = last_code(&app);
    // At the same moment: a cooldown of its own, and a challenge of its own.
    let (strangers, strangers_code) = challenge(&app, PHONE).await;
    for _ in 0..5 {
        verify(&app, &strangers, &wrong(&strangers_code)).await.problem(401, "code-refused");
    }
    assert_eq!(failures_of(&app, PHONE).await, 5);
    verify(&app, &owners, &code).await.ok();
    assert_eq!(failures_of(&app, PHONE).await, 5);
    // Nor may a device that is known ask without end.
    assert_eq!(retry_after(ask_as(&app, PHONE, &device).await), 30);
}

/// As many times as somebody logs in, so many devices he has.
pub async fn many_devices_of_one_phone(db: PgPool) {
    let app = open_doors(db).await;
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(log_in(&app, PHONE).await["device_token"].clone());
        app.advance(HALF_A_MINUTE);
    }
    let mut statuses = Vec::new();
    for device in devices.iter().cycle().take(12) {
        statuses.push(ask_as(&app, PHONE, device).await.status.as_u16());
        app.advance(HALF_A_MINUTE);
    }
    assert_eq!(statuses, [[202; 10].as_slice(), &[429, 429]].concat());
}

pub async fn half_a_year(db: PgPool) {
    let app = open_doors(db).await;
    let device = log_in(&app, PHONE).await["device_token"].clone();
    app.advance(TimeDelta::days(180) - TimeDelta::minutes(1));
    assert!(ask_as(&app, PHONE, &device).await.expect(202).headers.contains_key("ratelimit"));
    app.advance(TimeDelta::minutes(1));
    assert!(!ask_as(&app, PHONE, &device).await.expect(202).headers.contains_key("ratelimit"));
}

pub async fn forged_devices(db: PgPool) {
    let app = open_doors(db).await;
    let device = log_in(&app, PHONE).await["device_token"].clone();
    app.advance(HALF_A_MINUTE);
    let text = device.as_str().unwrap();
    let flipped = if text.ends_with('A') { "E" } else { "A" };
    let forged = [
        json!(format!("{}{flipped}", &text[..text.len() - 1])),
        json!(&text[..22]),
        json!("x".repeat(200)),
        json!("0"),
        Value::Null,
    ];
    let plain = ask(&app, PHONE).await.expect(202);
    assert!(!plain.headers.contains_key("ratelimit"));
    for forged in forged {
        let answer = ask_as(&app, PHONE, &forged).await;
        assert!(!answer.headers.contains_key("ratelimit"));
        assert_eq!(retry_after(answer), 30, "{forged}");
    }
    let others = ask_as(&app, OTHER_PHONE, &device).await.expect(202);
    assert!(!others.headers.contains_key("ratelimit"));
    assert_eq!(retry_after(ask(&app, OTHER_PHONE).await), 30);
}
