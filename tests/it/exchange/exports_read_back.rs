//! An export, read back by our import.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{exports::listed, imports::Folder};
use crate::{
    stock::containers::{bottle_of, chemical, location},
    support::{Client, TestApp},
};

/// Fields that an export has.
const EXPORTED: &str =
    "code chemical amount state lot supplier catalogue_number tare note received_on opened_on expires_on";

/// Cells that a spreadsheet would run, and names with signs of the file itself.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_export_runs_in_no_spreadsheet_and_our_import_reads_it_back(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let water = chemical(&app, "water, \"pure\"", Some("7732-18-5"), None).await;
    let room = location(&app, None, "room", "-20/-80").await;
    let shelf = location(&app, Some(room), "shelf", "Shelf \"1\", =x").await;
    let cells = [
        "=1+1",
        "+49 30",
        "-5",
        "@here",
        "'quoted'",
        "'=x",
        "a;b,\"c\"",
        "plain",
        "2024-03-01",
        "123.0",
        "1E+5",
        "Mar-24",
        "3-24",
        "45352",
        "00123",
        "n/a",
        "#N/A",
    ];
    for (n, cell) in cells.iter().enumerate() {
        // What looks like a number or a day, does so to its end.
        let [end, tail] = if n >= 8 { [String::new(), String::new()] } else { [n.to_string(), "-x".to_owned()] };
        let (code, number) = (format!("{cell}{end}"), format!("{cell}{tail}"));
        let more = json!({
            "code": code, "location_id": if n % 2 == 0 { shelf } else { room }, "lot": cell, "supplier": cell,
            "catalogue_number": number, "note": cell, "received_on": "2026-03-04", "expires_on": "2028-12-01",
            "tare": {"value": "12.5", "unit": "g"},
        });
        bottle_of(&app, &by, water, "12.50", "mL", more).await;
    }
    let answer = by.get(&app.path("/exports/containers.csv")).await.expect(200);
    let rows = csv::Reader::from_reader(answer.text.as_bytes()).into_records();
    for cell in rows.flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t']), "{cell}");
    }

    let before = listed(&app, &by, "").await;
    app.new_lab("Other lab").await;
    let other = app.client("manager").await;
    let (folder, options) = (Folder::new(), ContainerOptions { create_locations: true, ..ContainerOptions::default() });
    let file = folder.file("containers.csv", &answer.text);
    let report = load_containers(&app.app, &file, app.lab, &options, None).await.unwrap();
    assert_eq!((report.read, report.added, report.failed), (17, 17, 0), "{report}");
    let mut after = listed(&app, &other, "").await;
    let code = |it: &Value| it["code"].as_str().unwrap().to_owned();
    after.sort_by_key(code);
    let mut wanted = before;
    wanted.sort_by_key(code);
    for (was, is) in wanted.iter().zip(&after) {
        for field in EXPORTED.split_whitespace() {
            assert_eq!(was[field], is[field], "{field} of {}", was["code"]);
        }
    }
    let again = by_path(&app, &other).await;
    assert_eq!(again, [vec!["-20/-80"], vec!["-20/-80", "Shelf \"1\", =x"]]);
}

/// What an import cannot bring back, it refuses with why, and the file of corrections reads the rest as the lab meant it.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_an_export_only_bottles_with_something_in_them_come_back_and_the_others_say_why(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let by = app.client("manager").await;
    let water = chemical(&app, "water", Some("7732-18-5"), None).await;
    let all = json!({"type": "withdraw", "amount": {"value": "5", "unit": "mL"}});
    let lives: [(&str, &[Value]); 7] = [
        ("2024-03-01", &[]),
        ("2024-03-02", &[json!({"type": "open"})]),
        ("123.0", &[json!({"type": "open"}), all]),
        ("1E+5", &[json!({"type": "empty"})]),
        ("Mar-24", &[json!({"type": "lose"})]),
        ("124.0", &[json!({"type": "quarantine", "reason": "label lost"})]),
        ("125.0", &[json!({"type": "discard"})]),
    ];
    for (code, events) in lives {
        let made = bottle_of(&app, &by, water, "5", "mL", json!({"code": code, "lot": code})).await;
        for event in events {
            let path = app.path(&format!("/containers/{}/events", made["id"].as_str().unwrap()));
            by.post(&path, event.clone()).await.created();
        }
    }
    let answer = by.get(&app.path("/exports/containers.csv?include=gone")).await.expect(200);
    let before = listed(&app, &by, "?include=gone").await;
    app.new_lab("Other lab").await;
    let other = app.client("manager").await;
    let folder = Folder::new();
    let file = folder.file("containers.csv", &answer.text);
    let import =
        async |file| load_containers(&app.app, file, app.lab, &ContainerOptions::default(), None).await.unwrap();
    let report = import(&file).await;
    assert_eq!((report.read, report.added, report.failed), (7, 2, 5), "{report}");
    let file = report.corrections.clone().unwrap();
    for (line, reason) in super::imports::corrections(&report) {
        let was = &before[usize::try_from(line).unwrap() - 2];
        let why = match was["state"].as_str().unwrap() {
            "opened" => "nothing is left in the bottle",
            "empty" => "a bottle comes in as in_stock or opened",
            _ => "a bottle comes in as in_stock or opened; the rest is for its ledger",
        };
        assert!(reason.contains(why) && !reason.contains("spreadsheet"), "{was}: {reason}");
    }
    // A person says that they are here, and full.
    let text = std::fs::read_to_string(&file).unwrap();
    let mended = ["empty", "lost", "quarantined", "waste_pending"]
        .into_iter()
        .fold(text, |text, state| text.replace(&format!(",{state},"), ",in_stock,"));
    std::fs::write(&file, mended.replace(",0,mL,", ",5,mL,")).unwrap();
    let report = import(&file).await;
    assert_eq!((report.added, report.failed), (5, 0), "{report} {:?}", std::fs::read_to_string(&file));
    let after = listed(&app, &other, "").await;
    for was in before {
        let is = after.iter().find(|it| it["code"] == was["code"]).unwrap();
        assert_eq!(is["lot"], was["lot"]);
    }
}

async fn by_path(app: &TestApp, by: &Client) -> Vec<Vec<String>> {
    let places = by.get(&app.path("/locations")).await.ok();
    let path = |it: &Value| serde_json::from_value(it["path"].clone()).unwrap();
    let mut paths: Vec<Vec<String>> = places["items"].as_array().unwrap().iter().map(path).collect();
    paths.sort();
    paths
}
