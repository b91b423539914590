//! Rows that were refused, mended and uploaded again; and codes that were made, at every run the same.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use axum::http::header;
use serde_json::json;
use sqlx::PgPool;

use super::{Folder, LIST, containers, counts, lab, reasons, run, uploaded};
use crate::support::{Client, TestApp};

/// The file of corrections as it is saved, with its name.
async fn saved(by: &Client, import: &str) -> (String, String) {
    let answer = by.get(&format!("{import}/corrections.csv")).await.expect(200);
    let name = answer.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    let name = name.strip_prefix("attachment; filename=\"").and_then(|it| it.strip_suffix('"')).unwrap().to_owned();
    (name, answer.text)
}

async fn codes(by: &Client, import: &str) -> Vec<String> {
    let text = by.get(&format!("{import}/codes.csv")).await.expect(200).text;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let mut codes: Vec<_> = rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
    codes.sort_unstable();
    codes
}

async fn bottles(app: &TestApp, by: &Client) -> Vec<String> {
    let all = containers(app, by).await;
    all.iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn rows_that_were_refused_are_mended_and_uploaded_again(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let import = uploaded(&app, &by, "a.csv", LIST).await;
    run(&app, &by, &import, "commit", json!({})).await;
    assert_eq!(reasons(&by, &import).await, ["the amount is empty"]);
    let (name, text) = saved(&by, &import).await;
    assert_eq!(name, "a.csv.corrections.csv");
    let mended = uploaded(&app, &by, &name, text.replace("64-17-5,,R214", "64-17-5,2 L,R214")).await;
    let done = run(&app, &by, &mended, "commit", json!({})).await;
    assert_eq!(counts(&done), [1, 1, 0, 0]);
    by.get(&format!("{mended}/corrections.csv")).await.problem(404, "not-found");
    assert_eq!(bottles(&app, &by).await, ["B-1", "B-2", "B-3"]);
    assert_eq!(counts(&run(&app, &by, &mended, "commit", json!({})).await), [1, 0, 1, 0]);
}

const UNCODED: &str = "chemical,amount,location\nacetone,1 L,R214\nacetonn,1 L,R214\nacetone,1 L,R214\n";

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn made_codes_are_the_same_at_every_run_and_a_mended_row_keeps_its_own(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let make = || json!({"make_codes": true});
    let import = uploaded(&app, &by, "a.csv", UNCODED).await;
    let tried = run(&app, &by, &import, "dry-run", make()).await;
    assert_eq!((counts(&tried), bottles(&app, &by).await.len()), ([3, 2, 0, 1], 0));
    let done = run(&app, &by, &import, "commit", make()).await;
    assert_eq!((counts(&done), &done["run"]["report"]["has_codes"]), ([3, 2, 0, 1], &json!(true)));
    let made = bottles(&app, &by).await;
    assert_eq!(codes(&by, &import).await, made);
    // The list again, as another upload of the same name.
    let again = uploaded(&app, &by, "a.csv", UNCODED).await;
    assert_eq!(counts(&run(&app, &by, &again, "commit", make()).await), [3, 0, 2, 1]);
    let (name, text) = saved(&by, &again).await;
    let mended = uploaded(&app, &by, &name, text.replace("acetonn", "acetone")).await;
    for expected in [[1, 1, 0, 0], [1, 0, 1, 0]] {
        assert_eq!(counts(&run(&app, &by, &mended, "commit", make()).await), expected);
    }
    let all = bottles(&app, &by).await;
    assert!(all.len() == 3 && made.iter().all(|code| all.contains(code)), "{all:?}");
    assert_eq!(codes(&by, &mended).await, all);
    // Mended in the list, too, it is the same bottle.
    let whole = uploaded(&app, &by, "a.csv", UNCODED.replace("acetonn", "acetone")).await;
    assert_eq!(counts(&run(&app, &by, &whole, "commit", make()).await), [3, 0, 3, 0]);
    assert_eq!((bottles(&app, &by).await, codes(&by, &whole).await), (all.clone(), all));
}

/// What one person's lists have brought is nothing that another one's file of codes says.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_codes_of_one_person_are_not_told_to_another(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let by = lab(&app, &folder).await;
    let other = app.client("manager").await;
    let make = json!({"make_codes": true});
    let list = "chemical,amount\nacetone,1 L\n";
    let import = uploaded(&app, &by, "a.csv", list).await;
    run(&app, &by, &import, "commit", make.clone()).await;
    let theirs = uploaded(&app, &other, "a.csv", list).await;
    let done = run(&app, &other, &theirs, "commit", make).await;
    assert_eq!(counts(&done), [1, 0, 0, 1], "{done}");
    other.get(&format!("{theirs}/codes.csv")).await.problem(404, "not-found");
}
