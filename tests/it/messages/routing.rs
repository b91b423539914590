//! Who gets a message to send, and who is asked next when he does not.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use super::{attempt, attempts, code_in, delivery, log_in_with, send, state, through};
use crate::{
    people::login::{E_MAIL, PHONE, ask, ask_by},
    support::{
        TestApp,
        outside::{Fault, Outside, Reply},
        providers::{Contract, twilio, vonage, whatsapp},
    },
};

const FIRST: Contract = twilio::CONTRACT;
const SECOND: Contract = vonage::CONTRACT;

struct Two {
    app: TestApp,
    first: Outside,
    second: Outside,
}

async fn two(db: PgPool) -> Two {
    let (first, second) = (FIRST.start().await, SECOND.start().await);
    let app = through(db, &[(FIRST, &first), (SECOND, &second)], &[]).await;
    Two { app, first, second }
}

fn down() -> Fault {
    Fault::Answers(Reply::html(503))
}

/// The answer by which the first provider says this.
fn says(failure: &str) -> Fault {
    let errors = (FIRST.errors)();
    let error = errors.into_iter().find(|(_, _, means)| means.name() == failure);
    Fault::Answers(error.unwrap_or_else(|| panic!("nothing means {failure}")).1)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_first_provider_sends_and_nobody_else_is_asked(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    let challenge = send(&app, PHONE).await;
    assert_eq!((first.asked().len(), second.asked().len()), (1, 0));
    assert_eq!(state(&app, &challenge).await, "sent");
    assert_eq!(attempts(&app).await, [attempt("twilio", "accepted", None)]);
    log_in_with(&app, &challenge, &code_in(&first.last())).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn when_one_is_down_the_next_sends_the_same_code_at_once(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    first.has(down());
    let challenge = send(&app, PHONE).await;
    let (one, other) = (first.last(), second.last());
    assert_eq!(code_in(&one), code_in(&other));
    assert!((other.at - one.at).as_secs_f64() < 2.0);
    let expected = [attempt("twilio", "failed", Some("try_later")), attempt("vonage", "accepted", None)];
    assert_eq!(attempts(&app).await, expected);
    log_in_with(&app, &challenge, &code_in(&other)).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_that_is_refused_or_whose_holder_wants_nothing_gets_no_second_message(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    for failure in ["number_refused", "consent_withdrawn"] {
        first.has(says(failure));
        let challenge = send(&app, PHONE).await;
        assert_eq!(state(&app, &challenge).await, "failed", "{failure}");
        app.advance(TimeDelta::minutes(5));
        app.drain().await;
    }
    assert_eq!((first.asked().len(), second.asked().len()), (2, 0));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_provider_forbids_or_has_wrong_the_next_may_send(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    for failure in ["blocked", "misconfigured"] {
        first.has(says(failure));
        let challenge = send(&app, PHONE).await;
        assert_eq!(state(&app, &challenge).await, "sent", "{failure}");
        app.advance(TimeDelta::minutes(5));
    }
    assert_eq!((first.asked().len(), second.asked().len()), (2, 2));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn however_an_answer_fails_to_come_the_next_sends_the_same_code_when_a_silent_one_is_given_up(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    let faults = [Fault::Reset, Fault::Truncated, Fault::Garbage, Fault::Endless, Fault::Answers(Reply::html(200))];
    for (n, fault) in faults.into_iter().enumerate() {
        // It remembers no provider as one that fails.
        let app = app.restarted();
        first.has(fault);
        let challenge = send(&app, &format!("+1{}5550123", 201 + n)).await;
        app.advance(TimeDelta::seconds(4));
        app.drain().await;
        assert_eq!(second.asked().len(), n, "nobody is asked before");
        app.advance(TimeDelta::seconds(1));
        app.drain().await;
        assert_eq!((first.asked().len(), second.asked().len()), (n + 1, n + 1));
        assert_eq!(code_in(&first.last()), code_in(&second.last()));
        log_in_with(&app, &challenge, &code_in(&second.last())).await;
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_provider_that_is_alone_is_asked_once_more_if_it_may_have_sent_the_message(db: PgPool) {
    let first = FIRST.start().await;
    let app = through(db, &[(FIRST, &first)], &[]).await;
    first.has(Fault::Reset);
    let challenge = send(&app, PHONE).await;
    assert_eq!(first.asked().len(), 1);
    for _ in 0..6 {
        app.advance(TimeDelta::seconds(5));
        app.drain().await;
    }
    let asked = first.asked();
    assert_eq!(asked.len(), 2, "and no more");
    assert_eq!(code_in(&asked[0]), code_in(&asked[1]));
    assert_eq!(state(&app, &challenge).await, "sent");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_asks_for_whatsapp_and_has_none_gets_the_code_by_sms(db: PgPool) {
    let (meta, first) = (whatsapp::CONTRACT.start().await, FIRST.start().await);
    let app = through(db, &[(FIRST, &first), (whatsapp::CONTRACT, &meta)], &[]).await;
    let errors = (whatsapp::CONTRACT.errors)();
    let undeliverable = errors.into_iter().find(|(code, ..)| *code == "131026").unwrap().1;
    meta.has(Fault::Answers(undeliverable));
    let asked = ask_by(&app, "whatsapp", PHONE).await.expect(202).body;
    app.drain().await;
    assert_eq!((meta.asked().len(), first.asked().len()), (1, 1));
    let expected = [attempt("whatsapp", "failed", Some("number_refused")), attempt("twilio", "accepted", None)];
    assert_eq!(attempts(&app).await, expected);
    log_in_with(&app, &asked["challenge_id"], &code_in(&first.last())).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_has_no_whatsapp_still_gets_the_sms_that_was_only_late(db: PgPool) {
    let (meta, first) = (whatsapp::CONTRACT.start().await, FIRST.start().await);
    let app = through(db, &[(FIRST, &first), (whatsapp::CONTRACT, &meta)], &[]).await;
    let errors = (whatsapp::CONTRACT.errors)();
    let undeliverable = errors.into_iter().find(|(code, ..)| *code == "131026").unwrap().1;
    meta.has(Fault::Answers(undeliverable));
    first.has(down());
    let challenge = send(&app, PHONE).await;
    assert_eq!((first.asked().len(), meta.asked().len()), (1, 1));
    first.is_well();
    app.advance(TimeDelta::seconds(2));
    app.drain().await;
    assert_eq!((first.asked().len(), meta.asked().len()), (2, 1));
    log_in_with(&app, &challenge, &code_in(&first.last())).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_provider_that_fails_five_times_is_left_alone_for_half_a_minute(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    first.has(down());
    let phones = ["+12015550123", "+12025550123", "+12035550123", "+12045550123", "+12055550123", "+12065550123"];
    for phone in phones {
        send(&app, phone).await;
    }
    assert_eq!((first.asked().len(), second.asked().len()), (5, 6));
    first.is_well();
    app.advance(TimeDelta::seconds(30));
    send(&app, "+12075550123").await;
    send(&app, "+12085550123").await;
    assert_eq!((first.asked().len(), second.asked().len()), (7, 6), "it is well again");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn when_all_are_down_a_message_comes_back_and_goes_to_the_first_that_is_up(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    first.has(down());
    second.has(down());
    let challenge = send(&app, PHONE).await;
    assert_eq!(state(&app, &challenge).await, "queued");
    second.is_well();
    app.advance(TimeDelta::seconds(2));
    app.drain().await;
    assert_eq!(state(&app, &challenge).await, "sent");
    assert_eq!((first.asked().len(), second.asked().len()), (2, 2));
}

async fn has_converted(app: &TestApp, provider: &str, sent: i32, verified: i32) {
    let row = sqlx::query(
        "insert into message_tallies (hour, country, provider, channel, sent, verified)
        values (date_trunc('hour', $1, 'UTC'), 'US', $2, 'sms', $3, $4)",
    );
    row.bind(app.now()).bind(provider).bind(sent).bind(verified).execute(&app.db).await.unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_provider_whose_codes_hardly_come_back_from_a_country_is_the_last_there(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    has_converted(&app, "twilio", 100, 10).await;
    has_converted(&app, "vonage", 100, 90).await;
    send(&app, PHONE).await;
    assert_eq!((first.asked().len(), second.asked().len()), (0, 1));
    send(&app, "+4915112345678").await;
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1), "elsewhere the order is as it was");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_that_comes_back_counts_for_who_sent_it(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    first.has(down());
    let challenge = send(&app, PHONE).await;
    log_in_with(&app, &challenge, &code_in(&second.last())).await;
    app.drain().await;
    let counts = "select provider, sent, verified, try_later from message_tallies order by provider";
    let counts: Vec<(String, i32, i32, i32)> = sqlx::query_as(counts).fetch_all(&app.db).await.unwrap();
    assert_eq!(counts, [("twilio".to_owned(), 0, 0, 1), ("vonage".to_owned(), 1, 1, 0)]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn when_no_sms_goes_out_whatsapp_brings_the_code_to_the_same_phone(db: PgPool) {
    let (first, meta) = (FIRST.start().await, whatsapp::CONTRACT.start().await);
    let app = through(db, &[(FIRST, &first), (whatsapp::CONTRACT, &meta)], &[]).await;
    first.has(down());
    let challenge = send(&app, PHONE).await;
    assert_eq!(state(&app, &challenge).await, "sent");
    // Which channel it was is told to nobody: only who has an account would have another than the one asked for.
    assert_eq!(delivery(&app, &challenge).await["channel"], "sms");
    assert_eq!(meta.asked().len(), 1);
    assert!(meta.last().body.contains(&code_in(&first.last())), "it is the same code");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn every_challenge_names_the_other_channels_from_resend_at_on_and_not_before(db: PgPool) {
    let (first, meta) = (FIRST.start().await, whatsapp::CONTRACT.start().await);
    let vars = [&[("SIGN_UP", "invite")][..], &E_MAIL].concat();
    let app = through(db, &[(FIRST, &first), (whatsapp::CONTRACT, &meta)], &vars).await;
    let channels = [("sms", ["whatsapp", "email"]), ("whatsapp", ["sms", "email"]), ("email", ["sms", "whatsapp"])];
    first.has(says("number_refused"));
    for (channel, others) in channels {
        app.advance(TimeDelta::seconds(30));
        let challenge = ask_by(&app, channel, PHONE).await.expect(202).body["challenge_id"].clone();
        app.advance(TimeDelta::milliseconds(29_999));
        app.drain().await;
        let seen = delivery(&app, &challenge).await;
        assert_eq!((&seen["other_channels"], &seen["next_channel"]), (&json!([]), &json!(null)), "{channel}");
        app.advance(TimeDelta::milliseconds(1));
        let seen = delivery(&app, &challenge).await;
        assert_eq!((&seen["other_channels"], &seen["next_channel"]), (&json!(others), &json!(others[0])), "{channel}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_that_a_newer_one_made_void_is_not_sent_again(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    first.has(Fault::Garbage);
    let old = send(&app, PHONE).await;
    app.advance(TimeDelta::seconds(30));
    first.is_well();
    ask(&app, PHONE).await.expect(202);
    app.drain().await;
    assert_eq!((first.asked().len(), second.asked().len()), (2, 0));
    assert_eq!(state(&app, &old).await, "failed");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_that_has_come_back_is_not_sent_again(db: PgPool) {
    let Two { app, first, second } = two(db).await;
    first.has(Fault::Garbage);
    let challenge = send(&app, PHONE).await;
    log_in_with(&app, &challenge, &code_in(&first.last())).await;
    app.advance(TimeDelta::seconds(30));
    app.drain().await;
    assert_eq!(second.asked().len(), 0);
}
