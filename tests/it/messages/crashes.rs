//! Senders that die, and many at once.

use std::time::Duration;

use chemstock::messages;
use chrono::TimeDelta;
use sqlx::PgPool;

use super::{attempt, attempts, code_in, log_in_with, send, state, through};
use crate::{
    people::login::{PHONE, ask},
    support::{
        outside::Fault,
        providers::{Contract, twilio, vonage},
    },
};

const FIRST: Contract = twilio::CONTRACT;
const SECOND: Contract = vonage::CONTRACT;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn after_a_crash_between_sending_and_writing_it_down_nothing_is_sent_twice(db: PgPool) {
    let (first, second) = (FIRST.start().await, SECOND.start().await);
    let more = [("OTP_RESEND_SECONDS", "90")];
    let app = through(db, &[(FIRST, &first), (SECOND, &second)], &more).await;
    let asked = ask(&app, PHONE).await.expect(202).body;
    first.has(Fault::Silent);
    let sender = tokio::spawn(messages::send_due(app.app.clone()));
    while first.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sender.abort();
    first.is_well();
    assert_eq!(attempts(&app).await, [attempt("twilio", "sending", None)]);

    app.advance(TimeDelta::seconds(60));
    app.drain().await;
    assert_eq!((first.asked().len(), second.asked().len()), (1, 0), "its receipt may still come");
    app.advance(TimeDelta::seconds(30));
    app.drain().await;
    assert_eq!((first.asked().len(), second.asked().len()), (1, 1), "then another sends the same code");
    assert_eq!(code_in(&first.last()), code_in(&second.last()));
    assert_eq!(state(&app, &asked["challenge_id"]).await, "sent");
    log_in_with(&app, &asked["challenge_id"], &code_in(&second.last())).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn four_senders_at_once_send_each_of_ninety_messages_once(db: PgPool) {
    let first = FIRST.start().await;
    let app = through(db, &[(FIRST, &first)], &[]).await;
    for n in 0..90 {
        let phone = format!("+1{}55501{:02}", 201 + n / 2, n % 2);
        ask(&app, &phone).await.expect(202);
    }
    let send = || tokio::spawn(messages::send_due(app.app.clone()));
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    let counts = [a, b, c, d].map(|sent| sent.unwrap().unwrap());
    assert_eq!(counts.iter().sum::<usize>(), 90, "{counts:?}");
    let to: std::collections::HashSet<_> = first.asked().iter().map(|asked| asked.form()["To"].clone()).collect();
    assert_eq!((first.asked().len(), to.len()), (90, 90));
    let accepted = "select count(*) from message_attempts where state = 'accepted'";
    assert_eq!(sqlx::query_scalar::<_, i64>(accepted).fetch_one(&app.db).await.unwrap(), 90);
    let tallied: i64 = sqlx::query_scalar("select sum(sent) from message_tallies").fetch_one(&app.db).await.unwrap();
    assert_eq!(tallied, 90);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_slow_provider_does_not_hold_up_the_next_message(db: PgPool) {
    let (first, second) = (FIRST.start().await, SECOND.start().await);
    let app = through(db, &[(FIRST, &first), (SECOND, &second)], &[]).await;
    first.has(Fault::Silent);
    ask(&app, PHONE).await.expect(202);
    let stop = tokio_util::sync::CancellationToken::new();
    let sender = tokio::spawn(messages::send_until_stopped(app.app.clone(), stop.clone()));
    while first.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    first.is_well();
    ask(&app, "+12035550123").await.expect(202);
    while first.asked().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(second.asked().len(), 0, "the first is still waited for");
    stop.cancel();
    sender.await.unwrap();
    assert_eq!(second.asked().len(), 1, "what has begun is finished");
    let messages = "select count(*) from messages where state = 'sent'";
    assert_eq!(sqlx::query_scalar::<_, i64>(messages).fetch_one(&app.db).await.unwrap(), 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_database_that_goes_away_while_a_message_is_sent_does_not_send_it_twice(db: PgPool) {
    let (first, second) = (FIRST.start().await, SECOND.start().await);
    let app = through(db, &[(FIRST, &first), (SECOND, &second)], &[]).await;
    let challenge = send(&app, PHONE).await;
    // As if nothing had been written after the answer.
    let forgotten = "update message_attempts set state = 'sending', provider_key = null";
    sqlx::query(forgotten).execute(&app.db).await.unwrap();
    sqlx::query("update messages set state = 'queued', due_at = $1").bind(app.now()).execute(&app.db).await.unwrap();
    app.drain().await;
    assert_eq!((first.asked().len(), second.asked().len()), (1, 0));
    assert_eq!(state(&app, &challenge).await, "queued");
}
