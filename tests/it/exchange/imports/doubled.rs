//! Two rows of one code in a list: one bottle where they say the same, and none where they do not.

use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn rows_of_one_code_that_say_different_things_are_all_refused_wherever_they_stand(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let padding = (0..600).map(|n| format!("P-{n},64-17-5,1 L\n")).collect::<Vec<_>>().concat();
    let list = format!("code,cas,amount\nB-1,64-17-5,1 L\n{padding}b 1,67-64-1,1 L\nB-1,64-17-5,1 L\n");
    let file = folder.file("b.csv", list);
    for added in [600, 0] {
        let report = load(&app, &file).await;
        assert_eq!(counts(&report), [603, added, 0, 600 - added, 3]);
        let refused = corrections(&report);
        for ((line, reason), (expected, part)) in refused.iter().zip([
            (2, "line 603 has the same code and other values"),
            (603, "lines 2, 604 have the same code and other values"),
            (604, "line 603 has the same code and other values"),
        ]) {
            assert!(*line == expected && reason.contains(part), "{line}: {reason}");
        }
    }
    assert_eq!(containers(&app, &manager).await.len(), 200, "as many as a page has");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn rows_of_one_code_that_say_the_same_are_one_bottle(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let file = folder.file("b.csv", "code,cas,amount\nB-1,64-17-5,1 L\nB-1,64-17-5,1000 mL\nB-2,64-17-5,1 L\n");
    for expected in [[3, 2, 0, 1, 0], [3, 0, 0, 3, 0]] {
        let report = load(&app, &file).await;
        assert_eq!(counts(&report), expected, "{:?}", report.corrections);
        assert_eq!(report.warnings, ["line 3: says the same of its code as line 2: it is one bottle"]);
    }
    assert_eq!(containers(&app, &manager).await.len(), 2);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_came_in_before_stays_when_another_row_has_its_code(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let row = "code,cas,amount\nB-1,64-17-5,1 L\n";
    load(&app, &folder.file("b.csv", row)).await;
    let report = load(&app, &folder.file("b.csv", format!("{row}B-1,67-64-1,1 L\n"))).await;
    assert_eq!(counts(&report), [2, 0, 0, 1, 1]);
    assert_eq!(corrections(&report)[0].0, 3);
    assert_eq!(containers(&app, &manager).await.len(), 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn of_many_rows_of_one_code_a_few_are_named_and_how_many_more_there_are(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let rows = (1..=40).map(|n| format!("B-1,64-17-5,{n} L\n")).collect::<Vec<_>>().concat();
    let report = load(&app, &folder.file("b.csv", format!("code,cas,amount\n{rows}"))).await;
    assert_eq!(counts(&report), [40, 0, 0, 0, 40]);
    for (line, reason) in corrections(&report) {
        let first = if line <= 6 { (2..=7).filter(|it| *it != line).collect() } else { vec![2, 3, 4, 5, 6] };
        let first = first.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        assert!(reason.starts_with(&format!("lines {first} and 34 more have the same code")), "{line}: {reason}");
    }
}
