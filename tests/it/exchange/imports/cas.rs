//! Damaged CAS numbers in a file.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{Options, load_chemicals},
};
use sqlx::PgPool;

use super::{Folder, chemical, corrections, counts};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_date_becomes_the_number_that_it_was_and_no_other(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    app.client("member").await;
    let rows = "name,cas\npotassium,7440-09-7 \nA,1966-05-02\nB,1/6/3009\nC,9/7/40\nD,2/9/1975\n";
    let file = folder.file("c.csv", rows.replace("7440-09-7 ", "7440-09-07 00:00:00"));
    let repairing = Options { repair_cas: true, ..Options::default() };
    let report = load_chemicals(&app.app, &file, &repairing, Names::default()).await.expect("an import");
    assert_eq!(counts(&report), [5, 2, 0, 0, 3]);
    let reasons = corrections(&report);
    assert!(reasons[0].1.starts_with("cas `1966-05-02`") && !reasons[0].1.contains("1966-02-5"), "{reasons:?}");
    assert!(reasons[1].1.contains("it may be 3009-01-6 or 3009-06-1: look at the label"), "{reasons:?}");
    assert!(!reasons.iter().any(|(_, why)| why.contains("--repair-cas")), "{reasons:?}");
    assert_eq!(chemical(&app, "7440-09-7").await["name"], "potassium");
    assert_eq!(chemical(&app, "75-09-2").await["name"], "D");
}
