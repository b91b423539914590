//! What docs/audit.md says, for whoever checks a chain without us.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use sqlx::PgPool;
use uuid::Uuid;

use super::{a_bottle, chain, number, tamper, write, write_changes, write_event};
use crate::support::{TestApp, folder::Folder, hex};

const PAGE: &str = include_str!("../../../docs/audit.md");

/// The block of code in this language.
fn block(language: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_documented_lines_have_the_documented_hashes(db: PgPool) {
    let app = TestApp::new(db).await;
    let person: Uuid = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f".parse().unwrap();
    sqlx::query("insert into users (id, created_at, updated_at) values ($1, $2, $2)")
        .bind(person)
        .bind(app.now())
        .execute(&app.db)
        .await
        .unwrap();
    for line in block("jsonl").lines() {
        assert_eq!(chain::canonical(line), line);
        let insert = "insert into journal (lab_id, id, kind, subject, changes, by_user, by_system, by_for, session_id,
                request_id, at)
            select lab_id, id, kind, subject, changes, by_user, by_system, by_for, session_id, request_id, at
            from jsonb_populate_record(null::journal, $1::jsonb)";
        sqlx::query(insert).bind(line).execute(&app.db).await.unwrap();
        number(&app).await;
    }
    let links = chain::assert_whole(&app.db).await;
    let found: Vec<_> = links.iter().map(|link| format!("{} {}", link.1, hex(&link.4))).collect();
    assert_eq!(found, block("text").lines().collect::<Vec<_>>());
}

/// What the documented statement answers.
type Row = (i64, String, Option<String>, Option<String>, Option<String>, Option<String>);

/// Runs the documented script on these rows.
fn check(rows: &str) -> (bool, String) {
    let folder = Folder::new();
    let script = folder.0.join("check.py");
    std::fs::write(&script, block("python")).unwrap();
    let mut python = Command::new("python3");
    let python = python.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = python.spawn().unwrap();
    // It may end before it has read all.
    drop(running.stdin.take().unwrap().write_all(rows.as_bytes()));
    let output = running.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_documented_script_recomputes_a_chain_and_names_what_does_not_fit(db: PgPool) {
    let app = TestApp::new(db).await;
    let (manager, bottle) = a_bottle(&app).await;
    let mut by_hand = app.db.acquire().await.unwrap().detach();
    for seq in 2..5 {
        write(&mut by_hand, app.lab).await.unwrap();
        write_event(&mut by_hand, app.lab, bottle, seq).await.unwrap();
    }
    for changes in [
        r#"{"rank": [2.50, 9007199254740992], "of": {"b": -0.5, "a": [null, "Räume\t2"]}}"#,
        "{\"\u{e000}\": [null, -9007199254740991], \"\u{10000}\": [0, 9007199254740991]}",
    ] {
        write_changes(&mut by_hand, app.lab, changes).await.unwrap();
    }
    number(&app).await;
    // The documented statement, as psql would send it and write its rows.
    let (_, statement) = block("sh").split_once("-c \"").unwrap();
    let statement = statement.split_once('"').unwrap().0.replace("THE LAB", &app.lab.to_string());
    let rows = async || {
        let rows = sqlx::query_as(sqlx::AssertSqlSafe(statement.clone())).fetch_all(&app.db).await.unwrap();
        let row = |(position, hash, line, changes, counted_with, brought): Row| {
            let texts = [line, changes, counted_with, brought].map(Option::unwrap_or_default);
            format!("{position}\t{hash}\t{}\n", texts.join("\t"))
        };
        rows.into_iter().map(row).collect::<String>()
    };
    let (fits, said) = check(&rows().await);
    let head = manager.get(&app.path("/audit/head")).await.ok();
    assert!(fits && said.ends_with(&format!("9 {}\n", head["hash"].as_str().unwrap())), "{said}");
    tamper(&app, "update stock_events set reason = 'because' where seq = 3").await;
    let (fits, said) = check(&rows().await);
    assert!(!fits && said.contains("position 5 does not fit"), "{said}");
    let second = "select line_id from journal_chain where position = 2 and lab_id";
    tamper(&app, &format!("delete from journal where id = ({second} = '{}')", app.lab)).await;
    let (fits, said) = check(&rows().await);
    assert!(!fits && said.contains("position 2 is missing, or its line"), "{said}");
}
