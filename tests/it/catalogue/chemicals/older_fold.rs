//! Chemicals that an older version has written, whose names it folded otherwise: they are found, and never doubled,
//! from the first request or import of this version on.

use std::process::Output;

use sqlx::PgPool;

use super::search::found;
use crate::support::{
    TestApp,
    folder::Folder,
    instance::{command, database_url},
};

/// As the version before wrote them: terms in lower case and no name apart, words of letters and digits.
async fn old_rows(db: &PgPool, name: &str, many: i32) {
    for write in [
        "insert into chemicals (id, name, created_at, updated_at)
            select gen_random_uuid(), $1 || case n when 0 then '' else ' ' || n end, now(), now()
            from generate_series(0, $2 - 1) n",
        "insert into chemical_terms (chemical_id, term, kind) select id, lower(name), 1 from chemicals
            where starts_with(name, $1) and $2 > 0",
        "insert into chemical_words (chemical_id, word, rank)
            select distinct c.id, w.word, length(c.name) from chemicals c, regexp_split_to_table(lower(c.name), '[^[:alnum:]]+') w (word)
            where length(w.word) >= 3 and w.word ~ '[[:alpha:]]' and starts_with(name, $1) and $2 > 0",
    ] {
        sqlx::query(write).bind(name).bind(many).execute(db).await.expect("old rows");
    }
}

async fn count(db: &PgPool, of: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from chemicals where {of}")))
        .fetch_one(db)
        .await
        .expect("a number")
}

fn chemstock(db: &PgPool, folder: &Folder, arguments: &[&str]) -> Output {
    let url = database_url(db);
    let output = command(folder, &[("DATABASE_URL", &url)]).args(arguments).output().expect("the binary");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn they_are_found_as_soon_as_the_database_is_up_to_date_however_many_they_are(db: PgPool) {
    old_rows(&db, "4,4′-Bipyridine", 1200).await;
    let folder = Folder::new();
    chemstock(&db, &folder, &["migrate"]);
    assert_eq!((count(&db, "terms_version < 1").await, count(&db, "terms_version = 1").await), (0, 1200));
    let app = TestApp::new(db).await;
    let viewer = app.client("viewer").await;
    assert_eq!(found(&viewer, "4,4'-bipyridine").await[0], "4,4′-Bipyridine");
    assert_eq!(found(&viewer, "bipyridin 4,4").await.len(), 20);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_import_does_not_add_them_again(db: PgPool) {
    old_rows(&db, "Schwefelsäure, α-Form", 1).await;
    let folder = Folder::new();
    std::fs::write(folder.0.join("again.csv"), "name\n\"Schwefelsäure, α-Form\"\n").expect("a file");
    let said = chemstock(&db, &folder, &["import", "chemicals", "again.csv"]).stdout;
    assert!(String::from_utf8_lossy(&said).contains("added 0, completed 0, unchanged 1"), "{said:?}");
    assert_eq!(count(&db, "true").await, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_instances_that_start_at_once_write_them_once(db: PgPool) {
    old_rows(&db, "β-Carotene", 1500).await;
    let folders = [Folder::new(), Folder::new()];
    let url = database_url(&db);
    let starts = folders.each_ref().map(|folder| {
        let mut migrate = command(folder, &[("DATABASE_URL", &url)]);
        migrate.arg("migrate").spawn().expect("the binary")
    });
    for start in starts {
        let output = start.wait_with_output().expect("its end");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(count(&db, "terms_version = 1").await, 1500);
}
