//! Codes and units in other words than ours.

use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_counts_bottles_is_told_that_nothing_says_how_much_is_in_them(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,unit\nA,64-17-5,2,bottle\nB,64-17-5,2 Boxes,\nC,64-17-5,2,pcs\nD,64-17-5,2,L\n";
    let report = load(&app, &folder.file("counted.csv", list)).await;
    assert_eq!(counts(&report), [4, 4, 0, 0, 0], "{:?}", report.corrections);
    let told = |line: u32, unit: &str| {
        format!(
            "line {line}: the unit `{unit}` counts pieces (`1`), and nothing says how much is in one: give the amount of what \
             is in it"
        )
    };
    assert_eq!(report.warnings, [told(2, "bottle"), told(3, "Boxes")]);
    assert_eq!(containers(&app, &manager).await[0]["amount"], json!({"value": "2", "unit": "1"}));
}
