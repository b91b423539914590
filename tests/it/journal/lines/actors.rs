//! Who, by which session and request.

use chemstock::base::phone::Phone;
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Journal, Line, id_of};
use crate::{
    people::login::{self, PHONE},
    stock::containers::{bottle, events_of, path_of, withdraw},
    support::{Answer, Client, TestApp},
};

async fn session_of(app: &TestApp, user_id: Uuid) -> Uuid {
    let session = sqlx::query_scalar("select id from sessions where user_id = $1").bind(user_id);
    session.fetch_one(&app.db).await.unwrap()
}

fn assert_by(line: &Line, by: &Client, session: Uuid, answer: &Answer) {
    let request = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!((line.by_user, line.by_system.as_ref(), line.by_for), (Some(by.user_id), None, None), "{line:?}");
    assert_eq!((line.session_id, line.request_id.as_deref()), (Some(session), Some(request)), "{line:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_names_the_person_the_session_and_the_request(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let (session, mut journal) = (session_of(&app, by.user_id).await, Journal::of(&app).await);
    let made = by.post(&app.path("/locations"), json!({"kind": "room", "name": "R"})).await.expect(201);
    assert_by(&Journal::one(journal.take().await), &by, session, &made);

    let made = bottle(&app, &by, "100", "mL").await;
    let receive = journal.take().await.into_iter().find(|line| line.kind == "ledger: receive").unwrap();
    assert_eq!((receive.by_user, receive.session_id), (Some(by.user_id), Some(session)));
    assert!(receive.request_id.is_some_and(|id| id.parse::<Uuid>().is_ok()));
    let taken = by.post(&events_of(&app, &made), withdraw("10", "mL")).await.expect(201);
    assert_by(&Journal::one(journal.take().await), &by, session, &taken);
    let undo = json!({"type": "reverse", "event_id": taken.body["event"]["id"]});
    let undone = by.post(&events_of(&app, &made), undo).await.expect(201);
    assert_by(&Journal::one(journal.take().await), &by, session, &undone);
    let patch = json!({"note": "ours", "tare": {"value": "30", "unit": "g"}});
    let patched = by.patch(&path_of(&app, &made), "*", patch).await.expect(200);
    let lines = journal.take().await;
    assert_eq!(lines.len(), 2, "{lines:#?}");
    for line in &lines {
        assert_by(line, &by, session, &patched);
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_comes_for_the_first_time_answers_for_it_by_the_session_that_begins(db: PgPool) {
    let app = TestApp::new(db).await;
    let mut journal = Journal::of(&app).await;
    let pair = login::log_in(&app, PHONE).await;
    let id = id_of(&pair["user"]);
    let session = session_of(&app, id).await;
    let lines = journal.take().await;
    let kinds: Vec<_> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["user.created", "lab.created", "member.joined"]);
    for line in &lines {
        assert_eq!((line.by_user, line.session_id), (Some(id), Some(session)), "{line:?}");
        assert!(line.request_id.is_some());
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_command_line_and_the_background_are_systems_with_a_name(db: PgPool) {
    let app = TestApp::new(db).await;
    let admin = app.client("admin").await;
    admin.post(&app.path("/invitations"), json!({"role": "viewer", "expires_in_hours": 1})).await.created();
    let mut journal = Journal::of(&app).await;
    let phone = Phone::parse(PHONE, None).unwrap();
    chemstock::people::accounts::make_owner(&app.app, &phone).await.unwrap();
    let made = Journal::one(journal.take().await);
    assert_eq!((&*made.kind, made.changes), ("user.created", json!({"phone": null, "is_owner": [null, true]})));
    assert_eq!((made.by_user, made.by_system.as_deref()), (None, Some("command_line")));
    assert_eq!((made.session_id, made.request_id), (None, None));
    chemstock::people::accounts::make_owner(&app.app, &phone).await.unwrap();
    assert_eq!(journal.kinds().await, Vec::<String>::new());

    app.advance(TimeDelta::days(31));
    app.drain().await;
    let dropped = Journal::one(journal.take().await);
    assert_eq!((&*dropped.kind, dropped.by_system.as_deref()), ("invitation.dropped", Some("sweep")));
    assert_eq!((dropped.lab_id, &dropped.changes["role"]), (app.lab, &json!(["viewer", null])));
}
