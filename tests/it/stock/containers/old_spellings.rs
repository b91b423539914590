//! Codes from the time when each spelling was a code of its own.

#![expect(clippy::disallowed_methods, reason = "a test commits what it writes past the use cases")]

use serde_json::json;
use sqlx::PgPool;

use super::{bottle_of, chemical, events_of};
use crate::support::{TestApp, until_wait};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_three_old_spellings_the_last_keeps_the_code_when_two_are_freed_at_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let ethanol = chemical(&app, "ethanol", None, None).await;
    let mut first = json!(null);
    for code in ["a-1", "b-1", "c-1"] {
        let made = bottle_of(&app, &manager, ethanol, "1", "L", json!({"code": code})).await;
        first = if first.is_null() { made } else { first };
    }
    // As the migration to one name space left them.
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    let old = "set session_replication_role = replica;
        update containers set code = case code when 'a-1' then 'x-1' when 'b-1' then 'X 1' else 'X1' end;
        update codes set canonical = 'X1', code = case code when 'a-1' then 'x-1' when 'b-1' then 'X 1' else 'X1' end,
            spelling = case code when 'a-1' then '' when 'b-1' then 'X 1' else 'X1' end";
    sqlx::raw_sql(old).execute(&mut by_hand).await.unwrap();

    let receipt = manager.get(&events_of(&app, &first)).await.ok()["items"][0]["id"].clone();
    let mut other = app.db.begin().await.unwrap();
    sqlx::query("delete from codes where code = 'X 1'").execute(&mut *other).await.unwrap();
    let path = events_of(&app, &first);
    let freed = manager.post(&path, json!({"type": "reverse", "event_id": receipt}));
    let (freed, ()) = tokio::join!(freed, async {
        until_wait(&app.db, 1, "").await;
        other.commit().await.unwrap();
    });
    freed.created();
    let left: Vec<(String, String)> =
        sqlx::query_as("select code, spelling from codes").fetch_all(&app.db).await.unwrap();
    assert_eq!(left, [("X1".to_owned(), String::new())]);
    let again = json!({"chemical_id": ethanol, "amount": {"value": "1", "unit": "L"}, "code": "x1"});
    manager.post(&app.path("/containers"), again).await.problem(409, "code-taken");
}
