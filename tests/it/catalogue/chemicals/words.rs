//! The words of names, which several may bring at once.

use serde_json::json;
use sqlx::PgPool;

use crate::{
    exchange::imports::{counts, load_chemicals},
    support::{TestApp, folder::Folder, until_wait},
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_import_and_a_person_who_bring_the_same_words_do_not_wait_for_each_other_in_a_ring(db: PgPool) {
    let app = TestApp::new(db.clone()).await;
    let (cataloguer, folder) = (app.cataloguer().await, Folder::new());
    cataloguer.post("/v1/chemicals", json!({"name": "known", "cas": "64-17-5"})).await.created();
    // The person brings the first word, and waits for the second, which somebody is just writing.
    let mut somebody = db.begin().await.unwrap();
    sqlx::query("insert into catalogue_words (word) values ('mmmm')").execute(&mut *somebody).await.unwrap();
    let person = tokio::spawn(async move { cataloguer.post("/v1/chemicals", json!({"name": "aaaa mmmm zzzz"})).await });
    until_wait(&db, 1, "with ").await;
    // The import brings the last word with an entry, and the first with another that it completes.
    let file = folder.0.join("a.csv");
    std::fs::write(&file, "name,cas,synonyms\nzzzz,,\nknown,64-17-5,aaaa\n").unwrap();
    let (import, report) = (async { load_chemicals(&app, &file).await.unwrap() }, async {
        until_wait(&db, 2, "with ").await;
        somebody.rollback().await.unwrap();
    });
    let (report, ()) = tokio::join!(import, report);
    assert_eq!(counts(&report), [2, 1, 1, 0, 0]);
    person.await.unwrap().created();
}
