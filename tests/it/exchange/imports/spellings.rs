//! Codes and units in other words than ours.

use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_in_another_spelling_is_the_same_bottle_in_the_lab_and_in_the_list(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    load(&app, &folder.file("bottles.csv", "code,cas,amount\nB-1,64-17-5,1 L\nB-2,64-17-5,1 L\n")).await;
    let list =
        "code,cas,amount\nb1,64-17-5,1 L\nB 2,64-17-5,2 L\nX-1,64-17-5,1 L\nx 1,64-17-5,1 L\ncab-a,64-17-5,1 L\n";
    let report = load(&app, &folder.file("other.csv", list)).await;
    assert_eq!(counts(&report), [5, 1, 0, 2, 2], "{:?}", report.corrections);
    let told = [
        "line 2: the bottle of this row has its code in another spelling, `B-1`",
        "line 5: says the same of its code as line 4: it is one bottle",
        "line 5: the bottle of this row has its code in another spelling, `X-1`",
    ];
    assert_eq!(report.warnings, told);
    assert_eq!(
        corrections(&report),
        [
            (3, "the code exists, spelled `B-2`, with other values (amount)".to_owned()),
            (6, "a location of the lab has this code".to_owned()),
        ]
    );
    let codes: Vec<_> = containers(&app, &manager).await.iter().map(|it| it["code"].clone()).collect();
    assert_eq!(codes, ["B-1", "B-2", "X-1"]);
    let report = load(&app, &folder.file("placed.csv", "code,cas,amount,place\nB-3,64-17-5,1 L,Cab-A\n")).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
    let all = containers(&app, &manager).await;
    let place = manager.get(&app.path("/scan/CABA")).await.ok()["location"]["id"].clone();
    assert_eq!(all[2]["location_id"], place);
}

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
