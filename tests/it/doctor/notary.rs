//! What the doctor says of lines that wait for their positions.

use chemstock::doctor::Level;
use sqlx::PgPool;

use super::{has, look, of, url};
use crate::{
    journal::{number, tamper, write},
    support::TestApp,
};

async fn lines_written_ago(app: &TestApp, seconds: i32) {
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for _ in 0..3 {
        write(&mut by_hand, app.lab).await.unwrap();
    }
    let older = "update journal set at = now() - interval '1 second' * $1";
    tamper(app, &older.replace("$1", &seconds.to_string())).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_that_wait_for_their_positions_are_told_until_a_server_has_numbered_them(db: PgPool) {
    let app = TestApp::new(db).await;
    number(&app).await;
    let url = url(&app.db.connect_options());
    let vars = [("DATABASE_URL", url.as_str())];
    has(Level::Ok, "journal", "no line waits for its position", &look(&vars).await);
    lines_written_ago(&app, 1).await;
    has(Level::Ok, "journal", "no line waits for its position", &look(&vars).await);
    lines_written_ago(&app, 60).await;
    has(Level::Warning, "journal", "6 lines wait for a position, the first since 20", &look(&vars).await);
    has(Level::Warning, "journal", "see that a server runs", &look(&vars).await);
    number(&app).await;
    has(Level::Ok, "journal", "no line waits for its position", &look(&vars).await);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_whose_transaction_was_open_when_the_notary_passed_is_told_too(db: PgPool) {
    let app = TestApp::new(db).await;
    number(&app).await;
    let mut open = app.db.acquire().await.unwrap().detach();
    sqlx::raw_sql("begin").execute(&mut open).await.unwrap();
    write(&mut open, app.lab).await.unwrap();
    lines_written_ago(&app, 1).await;
    number(&app).await;
    sqlx::raw_sql("commit").execute(&mut open).await.unwrap();
    tamper(&app, "update journal set at = now() - interval '1 minute'").await;
    let findings = look(&[("DATABASE_URL", &url(&app.db.connect_options()))]).await;
    has(Level::Warning, "journal", "1 line waits for a position", &findings);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn after_a_restore_it_is_told_that_lines_wait_for_a_walk(db: PgPool) {
    let app = TestApp::new(db).await;
    number(&app).await;
    let url = url(&app.db.connect_options());
    let vars = [("DATABASE_URL", url.as_str())];
    tamper(&app, "update journal_notary set generation = 'of another server'").await;
    has(Level::Ok, "journal", "no line waits", &look(&vars).await);
    lines_written_ago(&app, 60).await;
    has(Level::Warning, "journal", "has to walk over all lines once", &look(&vars).await);
    number(&app).await;
    has(Level::Ok, "journal", "no line waits", &look(&vars).await);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_database_of_the_time_before_the_notary_is_not_asked(db: PgPool) {
    sqlx::raw_sql("drop table journal_notary").execute(&db).await.unwrap();
    assert!(of("journal", &look(&[("DATABASE_URL", &url(&db.connect_options()))]).await).is_empty());
}
