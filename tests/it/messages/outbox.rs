//! The outbox: sent once, in time, and not kept longer than needed.

use chemstock::messages;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::state;
use crate::people::login::{PHONE, ask, last_code, open_doors};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_challenge_tells_how_far_its_message_has_come(db: PgPool) {
    let app = open_doors(db).await;
    let asked = ask(&app, PHONE).await.expect(202).body;
    let id = &asked["challenge_id"];
    let delivery = app.nobody().get(&format!("/v1/auth/otp/challenges/{}", id.as_str().unwrap())).await.ok();
    let expected = json!({
        "challenge_id": id, "channel": "sms", "state": "queued", "resend_at": asked["resend_at"],
        "other_channels": [], "next_channel": null
    });
    assert_eq!(delivery, expected);
    app.drain().await;
    assert_eq!(state(&app, id).await, "sent");
    for unknown in [Uuid::now_v7().to_string(), "1".to_owned()] {
        app.nobody().get(&format!("/v1/auth/otp/challenges/{unknown}")).await.problem(404, "not-found");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_that_came_too_late_to_be_sent_is_not_sent(db: PgPool) {
    let app = open_doors(db).await;
    let asked = ask(&app, PHONE).await.expect(202).body;
    app.advance(TimeDelta::minutes(10));
    app.drain().await;
    assert_eq!(app.terminal(), "");
    assert_eq!(state(&app, &asked["challenge_id"]).await, "failed");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_senders_at_once_send_a_message_once(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, PHONE).await.expect(202);
    let (one, two) = tokio::join!(messages::send_due(app.app.clone()), messages::send_due(app.app.clone()));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(app.terminal().lines().count(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_message_is_sealed_while_it_is_of_use_and_empty_afterwards(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, PHONE).await.expect(202);
    let row = || async {
        let row = sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>("select recipient, body from messages");
        row.fetch_one(&app.db).await.unwrap()
    };
    let (recipient, waiting) = row().await;
    app.drain().await;
    let (_, sent) = row().await;
    app.advance(TimeDelta::minutes(10));
    app.drain().await;
    let (_, over) = row().await;
    let (code, phone) = (last_code(&app), &PHONE[1..]);
    for sealed in [&waiting, &sent] {
        assert!(!sealed.is_empty() && !sealed.windows(code.len()).any(|part| part == code.as_bytes()));
    }
    assert!(!recipient.windows(phone.len()).any(|part| part == phone.as_bytes()));
    assert_eq!(over, b"");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_cannot_be_sent_is_tried_again_after_growing_pauses_and_then_given_up(db: PgPool) {
    let vars = [
        ("SIGN_UP", "open"),
        ("SMS_PROVIDERS", "twilio"),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
        ("TWILIO_AUTH_TOKEN", "00000000000000000000000000000000"),
        ("TWILIO_PHONE_NUMBER", "+15005550006"),
        // Nobody is there.
        ("TWILIO_BASE_URL", "http://127.0.0.1:1"),
    ];
    let app = TestApp::with_vars(db, &vars).await;
    let asked = ask(&app, PHONE).await.expect(202).body;
    for pause in [2, 4, 8, 16] {
        app.drain().await;
        assert_eq!(state(&app, &asked["challenge_id"]).await, "queued");
        let due_at: DateTime<Utc> = sqlx::query_scalar("select due_at from messages").fetch_one(&app.db).await.unwrap();
        assert_eq!(due_at, app.now() + TimeDelta::seconds(pause));
        app.advance(TimeDelta::seconds(pause));
    }
    app.drain().await;
    assert_eq!(state(&app, &asked["challenge_id"]).await, "failed");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_message_whose_sender_died_is_sent_by_the_next_after_a_minute(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, PHONE).await.expect(202);
    // What a sender does first, and then it is gone.
    sqlx::query("update messages set attempts = 1, due_at = $1")
        .bind(app.now() + TimeDelta::seconds(60))
        .execute(&app.db)
        .await
        .unwrap();
    app.drain().await;
    assert_eq!(app.terminal(), "");
    app.advance(TimeDelta::seconds(60));
    app.drain().await;
    assert!(app.terminal().contains("code is"));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn messages_go_after_thirty_days(db: PgPool) {
    let app = open_doors(db).await;
    ask(&app, PHONE).await.expect(202);
    app.drain().await;
    let count = || sqlx::query_scalar::<_, i64>("select count(*) from messages").fetch_one(&app.db);
    app.advance(TimeDelta::days(30));
    app.drain().await;
    assert_eq!(count().await.unwrap(), 1);
    app.advance(TimeDelta::seconds(1));
    app.drain().await;
    assert_eq!(count().await.unwrap(), 0);
}
