//! Keys and what is kept of earlier requests.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use super::{keys::shut, path_of, place};
use crate::{contract::statements::Statements, support::TestApp};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeated_creation_shows_nothing_of_a_place_that_was_hidden_since(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let (path, new) = (app.path("/locations"), json!({"kind": "room", "name": "Vault"}));
    let made = manager.post_with_key(&path, "one-key-of-mine", new.clone()).await.created();
    shut(&app, &made, "hidden", json!({"users": [], "roles": []})).await;
    // As after a crash between the work and its record.
    sqlx::query("update idempotency_keys set answer = null").execute(&app.db).await.unwrap();
    app.advance(TimeDelta::seconds(61));
    let again = manager.post_with_key(&path, "one-key-of-mine", new).await;
    assert_eq!(again.status.as_u16(), 409, "{}", again.text);
    assert!(!again.text.contains("Vault"), "{}", again.text);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_may_see_what_is_read_again_only_when_a_place_moves_or_is_shut(db: PgPool) {
    let app = TestApp::new(db).await;
    let (admin, viewer) = (app.client("admin").await, app.client("viewer").await);
    let house = place(&app, &admin, "building", "House", None).await;
    let room = place(&app, &admin, "room", "R", Some(&house)).await;
    let hidden = place(&app, &admin, "room", "Vault", None).await;
    shut(&app, &hidden, "hidden", json!({"users": [], "roles": []})).await;
    for (change, is_read) in [
        (json!({"name": "S"}), false),
        (json!({"parent_id": house["id"], "access": "open"}), false),
        (json!({"parent_id": null}), true),
        (json!({"access": "closed"}), true),
    ] {
        viewer.get(&path_of(&app, &room)).await.ok();
        admin.patch(&path_of(&app, &room), "*", change.clone()).await.ok();
        let (statements, _heard) = Statements::start();
        viewer.get(&path_of(&app, &room)).await.ok();
        let read = statements.take().iter().any(|it| it.contains("from users"));
        assert_eq!(read, is_read, "{change}");
    }
}
