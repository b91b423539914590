//! Who sees an import, who runs it, and what becomes of it when their right ends.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use super::{Folder, LIST, count, counts, lab, run, uploaded};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whoever_uploaded_a_list_runs_it_and_admins_see_it_too(db: PgPool) {
    let (mut app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let (other, admin) = (app.client("manager").await, app.client("admin").await);
    let import = uploaded(&app, &by, "a.csv", LIST).await;
    run(&app, &by, &import, "dry-run", json!({})).await;
    let list = app.path("/imports");
    let seen = [by.get(&list).await, admin.get(&list).await, other.get(&list).await];
    assert_eq!(seen.map(|page| page.ok()["items"].as_array().unwrap().len()), [1, 1, 0]);
    for below in ["", "/corrections.csv"] {
        admin.get(&format!("{import}{below}")).await.expect(200);
        other.get(&format!("{import}{below}")).await.problem(404, "not-found");
    }
    for kind in ["dry-run", "commit"] {
        admin.post(&format!("{import}/{kind}"), json!({})).await.problem(403, "forbidden");
        other.post(&format!("{import}/{kind}"), json!({})).await.problem(404, "not-found");
    }
    // Of another lab it is nothing, also to whoever is admin there.
    let id = import.rsplit('/').next().unwrap().to_owned();
    app.new_lab("Other lab").await;
    let elsewhere = app.client("admin").await;
    let path = app.path(&format!("/imports/{id}"));
    elsewhere.get(&path).await.problem(404, "not-found");
    elsewhere.get(&import).await.problem(404, "not-found");
    elsewhere.post(&format!("{path}/commit"), json!({})).await.problem(404, "not-found");
    assert_eq!(elsewhere.get(&app.path("/imports")).await.ok()["items"], json!([]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn nothing_goes_in_for_whoever_may_no_more(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let admin = app.client("admin").await;
    let import = uploaded(&app, &by, "a.csv", LIST).await;
    let id = import.rsplit('/').next().unwrap().to_owned();
    for (taken, given) in [
        (
            "update memberships set role = 'member' where user_id = $1",
            "update memberships set role = 'manager' where user_id = $1",
        ),
        (
            "update memberships set left_at = created_at where user_id = $1",
            "update memberships set left_at = null where user_id = $1",
        ),
        (
            "update users set disabled_at = created_at where id = $1",
            "update users set disabled_at = null where id = $1",
        ),
    ] {
        by.post(&format!("{import}/commit"), json!({})).await.expect(202);
        sqlx::query(taken).bind(by.user_id).execute(&app.db).await.unwrap();
        app.drain().await;
        let ended = admin.get(&app.path(&format!("/imports/{id}"))).await.ok();
        assert_eq!(ended["state"], "refused", "{ended}");
        assert_eq!(ended["run"]["refusal"], "the right to import into the lab has ended");
        assert_eq!(count(&app.db, "select count(*) from containers").await, 0);
        sqlx::query(given).bind(by.user_id).execute(&app.db).await.unwrap();
    }
    assert_eq!(counts(&run(&app, &by, &import, "commit", json!({})).await), [3, 2, 0, 1]);
    app.advance(TimeDelta::days(8));
    sqlx::query("update memberships set role = 'member' where user_id = $1")
        .bind(by.user_id)
        .execute(&app.db)
        .await
        .unwrap();
    app.signed_in(&by).await.get(&import).await.problem(403, "forbidden");
}
