//! By its name alone no row gives an entry a number, unless the entry has none of any kind.

use chemstock::catalogue::chemicals::Names;
use sqlx::PgPool;

use super::{DECIDED, Folder, chemicals, known, reasons};
use crate::{
    exchange::imports::{chemical, dump},
    support::TestApp,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_alone_gives_an_entry_with_a_number_no_other_one(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(
        &app,
        &folder,
        "name,cas,inchikey\nlactic acid,50-21-5,\ntoluene,108-88-3,\nfoo,,YXFVVABEGXRONW-UHFFFAOYSA-N\n",
    )
    .await;
    let before = dump(&app).await;
    let rows = "name,cas,ec,inchikey\nlactic acid,,,JVTAAEKCZFNVCJ-REOHCLBHSA-N\ntoluene,,200-662-2,\nfoo,67-64-1,,\n\
        lactic acid,79-33-4,,\n";
    for (reason, parts) in reasons(&chemicals(&app, &folder, rows, Names::default()).await).iter().zip([
        [
            "`lactic acid` is a name of `lactic acid` (50-21-5)",
            "the InChIKey JVTAAEKCZFNVCJ-REOHCLBHSA-N is in no entry",
        ],
        ["`toluene` is a name of `toluene` (108-88-3)", "the EC number 200-662-2 is in no entry"],
        ["`foo` is a name of `foo`", "the CAS number 67-64-1 is in no entry"],
        ["`lactic acid` is a name of `lactic acid` (50-21-5)", "the CAS number 79-33-4 is in no entry"],
    ]) {
        assert!(parts.iter().all(|part| reason.contains(part)), "{reason}");
    }
    assert_eq!(dump(&app).await, before);
    let report = chemicals(
        &app,
        &folder,
        "name,cas,inchikey\nL-lactic acid,79-33-4,JVTAAEKCZFNVCJ-REOHCLBHSA-N\n",
        Names::default(),
    )
    .await;
    assert_eq!((report.added, report.failed), (1, 0), "the true one goes in");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_completes_with_the_others_and_a_name_completes_what_has_no_number(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, "name,cas\nethanol,64-17-5\nbrine,\n").await;
    let rows = "name,cas,ec,inchikey,density\nethanol,64-17-5,200-578-6,LFQSCWFLJHTTHZ-UHFFFAOYSA-N,\nbrine,7647-14-5,,,\n\
        ethanol,,200-578-6,,0.7893\n";
    let report = chemicals(&app, &folder, rows, Names::default()).await;
    assert_eq!((report.completed, report.failed), (3, 0), "{:?}", report.corrections);
    assert_eq!(chemical(&app, "64-17-5").await["ec"], "200-578-6");
    assert_eq!(chemical(&app, "7647-14-5").await["name"], "brine");
    // A person who has decided has two entries, and a second run finds them.
    known(&app, &folder, "name,cas\ntoluene,108-88-3\n").await;
    let rows = "name,ec\ntoluene,203-625-9\n";
    assert_eq!(chemicals(&app, &folder, rows, DECIDED).await.added, 1);
    assert_eq!(chemicals(&app, &folder, rows, DECIDED).await.unchanged, 1);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_message_says_by_what_the_entry_was_found(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, "name,cas,formula\nethanol,64-17-5,C2H6O\n").await;
    let rows = "name,cas,formula\nethanol,64-17-5,CH4O\nethanol,,CH4O\n";
    let told = reasons(&chemicals(&app, &folder, rows, Names::default()).await);
    assert!(told[0].contains("by its number") && told[1].contains("by its name"), "{told:?}");
}
