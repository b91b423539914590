//! Guessing a code, and using one that is not for this: rows 2, 3 and 5 to 11.

use chemstock::people::codes::challenge::{Guess, Purpose, Verdict, challenges};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::scene::*;
use crate::people::login::{OTHER_PHONE, PHONE, anonymous};

pub async fn two_hundred_addresses(db: PgPool) {
    let app =
        TestApp::with_vars(db, &[("SIGN_UP", "open"), ("MAX_OTP_VERIFICATIONS_PER_ADDRESS_PER_HOUR", "60")]).await;
    let (id, code) = challenge(&app, PHONE).await;
    let mut answers = Vec::new();
    for source in 1..=200 {
        let guess = guess_from(&app, &format!("198.51.100.{source}"), &id, &wrong(&code)).await;
        answers.push(anonymous(guess.problem(401, "code-refused")));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(failures_of(&app, PHONE).await, 5);
    app.advance(HALF_A_MINUTE);
    let right = guess_from(&app, "203.0.113.1", &id, &code).await.problem(401, "code-refused");
    assert_eq!(anonymous(right), answers[0]);
}

pub async fn fifty_challenges_at_once(db: PgPool) {
    let app = open_doors(db).await;
    let mut asks = JoinSet::new();
    for source in 0..50 {
        let body = json!({ "phone": PHONE, "device_token": format!("device {source}") });
        let nobody = app.nobody().at(&format!("198.51.100.{source}"));
        asks.spawn(async move { nobody.post(REQUEST, body).await });
    }
    let answers = asks.join_all().await;
    let (admitted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 202);
    assert_eq!((admitted.len(), refused.len()), (1, 49));
    assert!(refused.into_iter().all(|refused| retry_after(refused) == 30));
    assert_eq!(sent(&app).await, 1);
    // Nor do more of them, one after the other, bring more guesses: the older one is void.
    app.drain().await;
    let (first, first_code) = (&admitted[0].body["challenge_id"], last_code(&app));
    app.advance(HALF_A_MINUTE);
    let (second, code) = challenge(&app, PHONE).await;
    for _ in 0..3 {
        verify(&app, first, &first_code).await.problem(401, "code-refused");
        verify(&app, &second, &wrong(&code)).await.problem(401, "code-refused");
    }
    assert_eq!(failures_of(&app, PHONE).await, 3);
}

pub async fn a_hundred_right_at_once(db: PgPool) {
    let app = open_doors(db).await;
    let (id, code) = challenge(&app, PHONE).await;
    let mut guesses = JoinSet::new();
    for _ in 0..100 {
        let (nobody, body) = (app.nobody(), json!({ "challenge_id": id, "code": code }));
        guesses.spawn(async move { nobody.post(VERIFY, body).await.status.as_u16() });
    }
    let mut statuses = guesses.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![401; 99]].concat());
    assert_eq!(count(&app, "select count(*) from consumed_challenges").await, 1);
    assert_eq!(events(&app, "logged_in", "done").await, 1);
}

pub async fn five_hundred_wrong_at_once(db: PgPool) {
    let app = open_doors(db).await;
    let (id, code) = challenge(&app, PHONE).await;
    let mut guesses = JoinSet::new();
    for _ in 0..500 {
        let (nobody, body) = (app.nobody(), json!({ "challenge_id": id, "code": wrong(&code) }));
        guesses.spawn(async move { nobody.post(VERIFY, body).await.status.as_u16() });
    }
    // On a machine under load some of them find no connection in time: then nothing is compared.
    assert!(guesses.join_all().await.iter().all(|status| [401, 503].contains(status)));
    assert_eq!(failures_of(&app, PHONE).await, 5);
    assert_eq!(events(&app, "code_guessed", "wrong").await, 5);
    app.advance(HALF_A_MINUTE);
    verify(&app, &id, &code).await.problem(401, "code-refused");
}

pub async fn empty_codes(db: PgPool) {
    let app = open_doors(db).await;
    let nothing = [json!(""), json!(null), json!(0), json!([]), json!("      "), json!({}), json!(false)];
    let unknown = json!(Uuid::now_v7());
    verify(&app, &unknown, "000000").await.problem(401, "code-refused");
    let (id, code) = challenge(&app, PHONE).await;
    for challenge_id in [&unknown, &id] {
        for empty in &nothing {
            let body = json!({ "challenge_id": challenge_id, "code": empty });
            app.nobody().post(VERIFY, body).await.problem(422, "invalid");
        }
        app.nobody().post(VERIFY, json!({ "challenge_id": challenge_id })).await.problem(422, "invalid");
    }
    assert_eq!(failures_of(&app, PHONE).await, 0);
    verify(&app, &id, &code).await.ok();
}

pub async fn look_alikes(db: PgPool) {
    let limit = [("SIGN_UP", "open"), ("MAX_OTP_VERIFICATIONS_PER_ADDRESS_PER_HOUR", "8")];
    let app = TestApp::with_vars(db, &limit).await;
    let (id, code) = challenge(&app, PHONE).await;
    let alike = [
        format!("{code}.0"),
        format!("{code},"),
        code.replacen(code.get(..1).unwrap(), "O", 1),
        format!("{}²", &code[1..]),
        format!("{code}7"),
        code.trim_start_matches('0')[1..].to_owned(),
        format!("+{}", &code[1..]),
        format!("{}e1", &code[2..]),
    ];
    for alike in alike {
        guess_from(&app, "198.51.100.1", &id, &alike).await.problem(422, "invalid");
    }
    assert_eq!(failures_of(&app, PHONE).await, 0);
    assert_eq!(retry_after(guess_from(&app, "198.51.100.1", &id, &code).await), 3600);
    guess_from(&app, "198.51.100.2", &id, &code).await.ok();
    assert_eq!(events(&app, "code_guessed", "malformed").await, 8);
}

pub async fn once_and_to_the_last_second(db: PgPool) {
    let app = open_doors(db).await;
    let (id, code) = challenge(&app, PHONE).await;
    app.advance(TimeDelta::seconds(599));
    verify(&app, &id, &code).await.ok();
    verify(&app, &id, &code).await.problem(401, "code-refused");
    for late in [600, 601] {
        app.advance(HALF_A_MINUTE);
        let (id, code) = challenge(&app, PHONE).await;
        app.advance(TimeDelta::seconds(late));
        verify(&app, &id, &code).await.problem(401, "code-refused");
    }
}

pub async fn another_purpose(db: PgPool) {
    let app = open_doors(db).await;
    let (id, code) = challenge(&app, PHONE).await;
    // Of another purpose the store does not even hand out what it would take to compare.
    let challenge_id: Uuid = id.as_str().unwrap().parse().unwrap();
    let never = |_: &[u8]| -> Option<[u8; 32]> { panic!("compared") };
    let guess = Guess { challenge_id, purpose: Purpose("phone change"), mac: &never, now: app.now(), nonce: [0; 16] };
    assert_eq!(challenges(&app.app).verify(guess).await.unwrap(), Verdict::Gone);
    let pair = verify(&app, &id, &code).await.ok();
    // Nor is the id of anything else a challenge.
    for other in [&pair["user"]["id"], &id] {
        verify(&app, other, &code).await.problem(401, "code-refused");
    }
    verify(&app, &pair["refresh_token"], &code).await.problem(422, "invalid");
}

pub async fn another_request(db: PgPool) {
    let app = open_doors(db).await;
    let (victims, victims_code) = challenge(&app, PHONE).await;
    let (attackers, attackers_code) = loop {
        let (id, code) = challenge(&app, OTHER_PHONE).await;
        if code != victims_code {
            break (id, code);
        }
        app.advance(HALF_A_MINUTE);
    };
    verify(&app, &attackers, &victims_code).await.problem(401, "code-refused");
    verify(&app, &victims, &attackers_code).await.problem(401, "code-refused");
    assert_eq!([failures_of(&app, PHONE).await, failures_of(&app, OTHER_PHONE).await], [1, 1]);
    verify(&app, &victims, &victims_code).await.ok();
}

pub async fn another_phone(db: PgPool) {
    let app = open_doors(db).await;
    let (id, code) = challenge(&app, OTHER_PHONE).await;
    let body = json!({ "challenge_id": id, "code": code, "phone": PHONE });
    app.nobody().post(VERIFY, body).await.problem(422, "invalid");
    let pair = verify(&app, &id, &code).await.ok();
    assert_eq!(pair["user"]["phone"], OTHER_PHONE);
}

pub async fn a_lost_answer(db: PgPool) {
    let app = open_doors(db).await;
    let (id, code) = challenge(&app, PHONE).await;
    let body = json!({ "challenge_id": id, "code": code });
    let first = app.nobody().post_with_key(VERIFY, "lost", body.clone()).await.ok();
    let repeat = app.nobody().post_with_key(VERIFY, "lost", body.clone()).await.expect(200);
    assert_eq!(repeat.headers["idempotency-replayed"], "true");
    assert_eq!(repeat.headers["cache-control"], "no-store");
    assert_eq!(repeat.body, first);
    // Nor does it matter that an app sends a token along that has died.
    let forgetful = app.nobody().with_token("dead.token.here");
    assert_eq!(forgetful.post_with_key(VERIFY, "lost", body.clone()).await.ok(), first);
    assert_eq!(count(&app, "select count(*) from consumed_challenges").await, 1);
    assert_eq!(events(&app, "logged_in", "done").await, 1);
    app.nobody().post_with_key(VERIFY, "another", body).await.problem(401, "code-refused");
}
