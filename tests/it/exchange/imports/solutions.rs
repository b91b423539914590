//! What a list says of a bottle, and the inventory has no field for.

use chemstock::exchange::imports::{ContainerOptions, Options, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
    quantities::mapped,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_solution_is_not_taken_for_the_substance_unless_a_person_says_so(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (headers, cells, told) in [
        ("Concentration,Solvent", "1 M,THF", "`1 M` in `Concentration`, `THF` in `Solvent`"),
        ("Conc.,Note", "37 %,", "`37 %` in `Conc.`"),
        ("Molarity,Note", "2.0,", "`2.0` in `Molarity`"),
        ("Lösungsmittel,Note", "Hexan,", "`Hexan` in `Lösungsmittel`"),
        ("Concentration (M),Note", "1.0,", "`1.0` in `Concentration (M)`"),
        ("Konzentration,Note", "1 mol/L,", "`1 mol/L` in `Konzentration`"),
    ] {
        let list = format!("code,cas,amount,{headers}\nB-1,64-17-5,1 L,{cells}\n");
        let report = load(&app, &folder.file("b.csv", &list)).await;
        assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{list}");
        let why = corrections(&report).remove(0).1;
        assert!(why.contains(told) && why.contains("--map note=") && why.contains("--ignore"), "{why}");
    }
    let list = "code,cas,amount,Concentration,Solvent,Remarks\nB-1,64-17-5,1 L,1 M,THF,old\nB-2,64-17-5,1 L,neat,-,\n\
        B-3,64-17-5,1 L,100 %,none,\nB-4,64-17-5,1 L,,,\n";
    assert_eq!(counts(&load(&app, &folder.file("b.csv", list)).await), [4, 3, 0, 0, 1]);
    // A person who knows the bottle keeps what the list says in its note.
    let both = ["note=Concentration", "note=Solvent"];
    let list = &list[..list.find("B-2").expect("a row")];
    let report = mapped(&app, &folder, list, &both).await.expect("an import");
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    assert_eq!(containers(&app, &manager).await[0]["note"], "Concentration: 1 M / Solvent: THF / old");
    let ignore = vec!["Concentration".to_owned(), "Solvent".to_owned()];
    let options = ContainerOptions { common: Options { ignore, ..Options::default() }, ..ContainerOptions::default() };
    let file = folder.file("c.csv", list.replace("B-1", "B-5"));
    let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
    assert_eq!((counts(&report), report.warnings), ([1, 1, 0, 0, 0], vec![]));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_has_no_field_is_told_before_anything_is_changed(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,Purity,Grade,Density\nB-1,64-17-5,1 L,99.8 %,HPLC,0.789\n";
    let options = Options { dry_run: true, ..Options::default() };
    let options = ContainerOptions { common: options, ..ContainerOptions::default() };
    let file = folder.file("b.csv", list);
    let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
    let told = &report.warnings[0];
    assert!(["`Purity`", "`Grade`", "`Density`"].iter().all(|header| told.contains(header)), "{told}");
    assert!(containers(&app, &manager).await.is_empty());
}
