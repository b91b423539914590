//! Messages that a newer version has queued, beside an older one that still sends.

use sqlx::PgPool;

use super::{attempts, send, state, through};
use crate::{
    people::login::{PHONE, ask},
    support::providers::{Contract, twilio},
};

const FIRST: Contract = twilio::CONTRACT;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_message_of_a_channel_that_only_a_newer_version_knows_is_left_to_it_and_keeps_no_other_waiting(db: PgPool) {
    let first = FIRST.start().await;
    let app = through(db, &[(FIRST, &first)], &[]).await;
    let newer = ask(&app, "+12025550124").await.expect(202).body["challenge_id"].clone();
    sqlx::query("update messages set channel = 'rcs'").execute(&app.db).await.unwrap();
    let ours = send(&app, PHONE).await;
    assert_eq!(state(&app, &ours).await, "sent");
    assert_eq!(state(&app, &newer).await, "queued");
    let tries: i32 =
        sqlx::query_scalar("select attempts from messages where channel = 'rcs'").fetch_one(&app.db).await.unwrap();
    assert_eq!((tries, first.asked().len()), (0, 1));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_attempt_that_ended_in_a_way_that_only_a_newer_version_knows_may_have_been_sent(db: PgPool) {
    let first = FIRST.start().await;
    let app = through(db, &[(FIRST, &first)], &[]).await;
    let (again, ours) =
        (send(&app, "+12025550124").await, ask(&app, PHONE).await.expect(202).body["challenge_id"].clone());
    sqlx::raw_sql(
        "update message_attempts set state = 'postponed', failure = 'asleep';
        update messages set state = 'queued', due_at = created_at",
    )
    .execute(&app.db)
    .await
    .unwrap();
    app.drain().await;
    assert_eq!(state(&app, &ours).await, "sent");
    // It is sent once more, as after an answer that nobody could read.
    assert_eq!(state(&app, &again).await, "sent", "{:?}", attempts(&app).await);
}
