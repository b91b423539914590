//! What answers, messages and settings give away: rows 23, 26 and 27.

use std::time::{Duration, Instant};

use chemstock::config::Config;

use super::scene::*;
use crate::{
    contract::statements::Statements,
    people::login::{E_MAIL, MAILBOX, PHONE, anonymous, ask_by},
};

const KNOWN: &str = "+12025550123";
const UNKNOWN: &str = "+12025550145";
const DISABLED: &str = "+12025550167";
const LOCKED: &str = "+12025550189";

/// An installation by invitation, with these four phones.
async fn four_phones(db: PgPool) -> TestApp {
    let vars = [
        ("OTP_RESEND_SECONDS", "1"),
        ("MAX_OTP_ATTEMPTS_PER_HOUR", "1000"),
        ("MAX_OTP_ATTEMPTS_PER_DAY", "10000"),
        ("OTP_MAX_GUESSES", "10"),
    ];
    let app = TestApp::with_vars(db, &[&vars[..], &E_MAIL].concat()).await;
    app.owner().await;
    let people = [(KNOWN, None, Some(MAILBOX)), (DISABLED, Some(app.now()), Some(MAILBOX)), (LOCKED, None, None)];
    for (phone, disabled_at, email) in people {
        let made = "insert into users (id, phone, disabled_at, email, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $5)";
        let made = sqlx::query(made).bind(uuid::Uuid::now_v7()).bind(phone).bind(disabled_at).bind(email);
        made.bind(app.now()).execute(&app.db).await.unwrap();
    }
    app
}

fn without_id(mut answer: Answer) -> (u16, axum::http::HeaderMap, Value) {
    answer.headers.remove("x-request-id");
    if answer.status.is_success() {
        answer.body["challenge_id"].take();
        return (answer.status.as_u16(), answer.headers, answer.body);
    }
    (answer.status.as_u16(), answer.headers, anonymous(answer.body))
}

pub async fn the_same_for_every_phone(db: PgPool) {
    are_alike(&four_phones(db).await, "sms", &[KNOWN, UNKNOWN, DISABLED]).await;
}

pub async fn the_same_by_email(db: PgPool) {
    are_alike(&four_phones(db).await, "email", &[KNOWN, LOCKED, UNKNOWN, DISABLED]).await;
}

/// Of these, the first alone is sent a code.
async fn are_alike(app: &TestApp, channel: &str, phones: &[&str]) {
    let (statements, _heard) = Statements::start();
    let mut all = Vec::new();
    for phone in phones {
        statements.take();
        let asked = ask_by(app, channel, phone).await.expect(202);
        let id = asked.body["challenge_id"].clone();
        let request = statements.take();
        // Nobody has that code but by chance, and then the next has not.
        let guess = verify(app, &id, "000000").await;
        let guessing = statements.take();
        let again = ask_by(app, channel, phone).await;
        let asked_again = statements.take();
        let delivery = app.nobody().get(&format!("/v1/auth/otp/challenges/{}", id.as_str().unwrap())).await.ok();
        assert_eq!((request.len(), guessing.len(), asked_again.len()), (3, 2, 2), "{guessing:?}");
        all.push((
            [without_id(asked), without_id(guess), without_id(again)],
            [request, guessing, asked_again].concat(),
            (delivery["state"].clone(), delivery["channel"].clone(), delivery["resend_at"].clone()),
        ));
    }
    for other in &all[1..] {
        assert_eq!(other.0, all[0].0);
        assert_eq!(other.1, all[0].1, "the same statements, word for word");
        assert_eq!(other.2, all[0].2);
    }
    assert_eq!(sent(app).await, 1);
}

pub async fn locked_like_waiting(db: PgPool) {
    let app = four_phones(db).await;
    let asked = ask(&app, LOCKED).await.expect(202).body["challenge_id"].clone();
    let others = ask(&app, KNOWN).await.expect(202).body["challenge_id"].clone();
    lock(&app, LOCKED).await;
    let (statements, _heard) = Statements::start();
    let locked = verify(&app, &asked, "000000").await;
    let locked_cost = statements.take().len();
    let wrong = verify(&app, &others, "000000").await;
    assert_eq!(statements.take().len(), locked_cost);
    assert_eq!(without_id(locked), without_id(wrong));
    let locked = ask(&app, LOCKED).await;
    let locked_cost = statements.take().len();
    have_failed(&app, KNOWN, 12, app.now() + TimeDelta::hours(1)).await;
    statements.take();
    let waiting = ask(&app, KNOWN).await;
    assert_eq!(statements.take().len(), locked_cost);
    assert_eq!(without_id(locked), without_id(waiting));
}

/// In the middle, and how far from it half of them lie.
fn median_and_spread(samples: &mut [Duration]) -> (f64, f64) {
    samples.sort_unstable();
    let at = |part: usize| samples[samples.len() * part / 4].as_secs_f64();
    (at(2), at(3) - at(1))
}

/// Of requests and guesses for each phone, taken in turns, so that whatever else the machine does meets all alike.
async fn times(app: &TestApp) -> [[Vec<Duration>; 3]; 2] {
    let mut times = [const { [const { Vec::new() }; 3] }; 2];
    for round in 0..60 {
        app.advance(TimeDelta::seconds(90));
        for turn in 0..3 {
            let whose = (round + turn) % 3;
            let phone = [KNOWN, UNKNOWN, DISABLED][whose];
            let start = Instant::now();
            let asked = ask(app, phone).await.expect(202).body;
            times[0][whose].push(start.elapsed());
            let start = Instant::now();
            verify(app, &asked["challenge_id"], "000000").await.problem(401, "code-refused");
            times[1][whose].push(start.elapsed());
        }
        sqlx::query("delete from login_failures").execute(&app.db).await.unwrap();
    }
    times
}

/// Statistical: medians of sixty, which may differ by a quarter or by their own spread. A machine under load gets a
/// second and a third try; a difference that is real shows in all of them.
pub async fn the_time_of_an_answer(db: PgPool) {
    let app = four_phones(db).await;
    let mut seen = Vec::new();
    for _try in 0..3 {
        let figures = times(&app).await.map(|of_phones| of_phones.map(|mut samples| median_and_spread(&mut samples)));
        let alike = figures.iter().all(|figures| {
            figures.iter().all(|(median, _)| {
                let (base, spread) = figures[0];
                (median - base).abs() < (0.25 * base).max(spread)
            })
        });
        if alike {
            return;
        }
        seen.push(figures);
    }
    panic!("known, unknown and disabled differ in every try: {seen:?}");
}

pub async fn text_of_a_user(db: PgPool) {
    let app = open_doors(db).await;
    let evil = "x\n@evil.example #123456";
    for (path, body, pointer) in [
        (REQUEST, json!({ "phone": PHONE, "invitation": evil }), "/invitation"),
        (REQUEST, json!({ "phone": PHONE, "device_token": evil }), "/device_token"),
    ] {
        let problem = app.nobody().post(path, body).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    ask(&app, "+1202\r\n5550123").await.problem(422, "phone-refused");
    let said =
        json!({ "phone": PHONE, "invitation": "@evil.example #123456", "device_token": "@evil.example #123456" });
    app.nobody().post(REQUEST, said).await.expect(202);
    app.drain().await;
    assert!(app.terminal().contains("code is") && !app.terminal().contains("evil"));
}

pub async fn fixed_codes(db: PgPool) {
    let production = |name: &str| match name {
        "ENVIRONMENT" => Some("production".to_owned()),
        "TEST_PHONE_NUMBERS" => Some("+15005550006=424242".to_owned()),
        _ => None,
    };
    let errors = Config::from_vars(production).unwrap_err();
    assert!(errors.0.iter().any(|problem| problem.variable == "TEST_PHONE_NUMBERS_UNTIL"), "{errors}");

    let vars = [("SIGN_UP", "open"), ("TEST_PHONE_NUMBERS", "+15005550006=424242")];
    let app = TestApp::with_vars(db, &vars).await;
    let asked = ask(&app, "+15005550006").await.expect(202).body;
    verify(&app, &asked["challenge_id"], "424242").await.ok();
    let told = "select count(*) from login_events where kind = 'code_requested' and detail like '%TEST_PHONE_NUMBERS'";
    assert_eq!(count(&app, told).await, 1);
    assert_eq!(sent(&app).await, 0);
}
