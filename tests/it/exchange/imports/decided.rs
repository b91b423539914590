//! What only a person can decide: which of a name and a number tells the substance, and what a name of trade means.

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use serde_json::json;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, load},
    chemical, corrections, counts, load_chemicals,
};
use crate::{
    catalogue::chemicals::overrides::{of, put},
    support::TestApp,
};

const CATALOGUE: &str = "name,cas,synonyms\nBenzene,71-43-2,petroleum ether;benzol\nFormaldehyde,50-00-0,formalin\n\
    Ethanol,64-17-5,EtOH\nAcetone,67-64-1,\n";

async fn lab(db: PgPool) -> (TestApp, Folder) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    app.owner().await;
    let report = super::load(&app, &folder.file("chemicals.csv", CATALOGUE)).await;
    assert_eq!(counts(&report), [4, 4, 0, 0, 0], "{:?}", report.corrections);
    (app, folder)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_name_of_trade_is_no_substance_that_only_has_it_as_a_synonym(db: PgPool) {
    let (app, folder) = lab(db).await;
    let list = "code,name,cas,amount\nB-1,Petroleum Ether,,1 L\nB-2,formalin,,1 L\nB-3,benzol,,1 L\nB-4,EtOH,,1 L\n\
        B-5,formalin,50-00-0,1 L\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [5, 3, 0, 0, 2]);
    let refused = corrections(&report);
    for ((_, reason), part) in refused.iter().zip(["Benzene (71-43-2)", "Formaldehyde (50-00-0)"]) {
        assert!(reason.contains("is a synonym of") && reason.contains(part), "{reason}");
        assert!(reason.contains("give the CAS number, or write `name` into the column `decides`"), "{reason}");
    }
    // Nor does a row of the catalogue without a number fill the other substance up.
    let rows = "name,density\npetroleum ether,0.65\nFormalin,1.09\n";
    let before = super::dump(&app).await;
    let report = super::load(&app, &folder.file("c.csv", rows)).await;
    assert_eq!(counts(&report), [2, 0, 0, 0, 2]);
    assert!(corrections(&report)[0].1.contains("`petroleum ether` is a synonym of `Benzene` (71-43-2)"));
    assert_eq!(super::dump(&app).await, before);
    // With a number, and with the word of a person that it is another, it is an entry of its own, which its name means.
    let own = "name,cas,decides\npetroleum ether,64742-49-0,number\n";
    assert_eq!(counts(&super::load(&app, &folder.file("own.csv", own)).await), [1, 1, 0, 0, 0]);
    let report = load(&app, &folder.file("b.csv", "code,name,amount\nB-6,petroleum ether,1 L\n")).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    let all = containers(&app, &app.client("member").await).await;
    assert_eq!(all.last().expect("a bottle")["chemical"]["cas"], "64742-49-0");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_the_lab_itself_calls_a_chemical_is_its_name(db: PgPool) {
    let (app, folder) = lab(db).await;
    let id = chemical(&app, "50-00-0").await["id"].as_str().expect("an id").to_owned();
    let manager = app.client("manager").await;
    put(&manager, &of(&app, id.parse().expect("an id")), None, json!({"name": "Formalin"})).await.created();
    let report = load(&app, &folder.file("b.csv", "code,name,amount\nB-1,formalin,1 L\n")).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_person_decides_in_the_corrections_row_by_row(db: PgPool) {
    let (app, folder) = lab(db).await;
    let list = "code,name,cas,amount\nB-1,ethanol,67-64-1,1 L\nB-2,ethanol,67-64-1,2 L\nB-3,ethanol,67-64-1,3 L\n\
        B-4,formalin,,4 L\nB-5,acetone,64-17-6,5 L\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [5, 0, 0, 0, 5]);
    assert!(corrections(&report)[0].1.contains("write `number` or `name` into the column `decides`"));
    let file = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(text.lines().next(), Some("line,reason,read with,check,decides,code,name,cas,amount"));
    let decided = text
        .replace(",,B-1", ",number,B-1")
        .replace(",,B-2", ",Name,B-2")
        .replace(",,B-4", ",name,B-4")
        .replace(",,B-5", ",name,B-5");
    let decided = if decided == text { panic!("{text}") } else { decided };
    let file = folder.file("decided.csv", decided);
    for count in [[5, 4, 0, 0, 1], [5, 0, 0, 4, 1]] {
        let report = load(&app, &file).await;
        assert_eq!(counts(&report), count, "{:?}", corrections(&report));
        // A row that is there already says nothing more.
        let told: &[&str] = if count[1] == 0 {
            &[]
        } else {
            &[
                "line 2: 67-64-1 is Acetone in the catalogue, and `ethanol` is none of its names; `ethanol` is Ethanol \
                 (64-17-5): the number decided, and the name stands in the note",
                "line 3: the name decided for Ethanol (64-17-5), and CAS 67-64-1 stands in the note",
                "line 6: the name decided for Acetone (67-64-1), and CAS 64-17-6 stands in the note",
            ]
        };
        assert_eq!(report.warnings, told);
        let again = std::fs::read_to_string(report.corrections.expect("corrections")).expect("a file");
        assert_eq!(
            again.lines().next(),
            Some("line,reason,read with,check,decides,code,name,cas,amount"),
            "one column of it"
        );
    }
    let all = containers(&app, &app.client("member").await).await;
    let told: Vec<_> = all.iter().map(|it| (&it["chemical"]["cas"], &it["note"])).collect();
    assert_eq!(
        told,
        [
            (&json!("67-64-1"), &json!("label: ethanol")),
            (&json!("64-17-5"), &json!("label: CAS 67-64-1")),
            (&json!("50-00-0"), &json!(null)),
            (&json!("67-64-1"), &json!("label: CAS 64-17-6")),
        ]
    );
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_are_the_same_whatever_was_decided(db: PgPool) {
    let (app, folder) = lab(db).await;
    let make = ContainerOptions { make_codes: true, ..ContainerOptions::default() };
    let file = folder.file("b.csv", "name,cas,amount\nethanol,67-64-1,1 L\n");
    let report = load_containers(&app.app, &file, app.lab, &make, None).await.expect("an import");
    let file = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace(",,ethanol", ",number,ethanol")).expect("a file");
    let report = load_containers(&app.app, &file, app.lab, &make, None).await.expect("an import");
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
    let file = folder.file("b.csv", "name,cas,amount,decides\nethanol,67-64-1,1 L,number\n");
    let report = load_containers(&app.app, &file, app.lab, &make, None).await.expect("an import");
    assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{:?}", report.corrections);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn in_the_catalogue_too_a_row_says_what_decides(db: PgPool) {
    let (app, folder) = lab(db).await;
    let rows = "name,cas,ec,formula,synonyms,decides\n\
        acetone,67-64-1,,C3H6O,,\n\
        spirit of wine,64-17-5,,C2H6O,acetone,number\n\
        acetone,64-17-6,200-578-6,C3H6O,,name\n\
        formalin,,,CH2O,,name\n\
        benzol,,,,,number\n\
        benzol,,,,,perhaps\n\
        toluene,67-64-1,,C7H8,,number\n";
    let file = folder.file("c.csv", rows);
    let report = load_chemicals(&app, &file).await.expect("an import");
    assert_eq!(counts(&report), [7, 0, 3, 1, 3], "{:?}", corrections(&report));
    let refused = corrections(&report);
    for ((_, reason), part) in refused.iter().zip([
        "the number is to decide, and there is no CAS number and no InChIKey",
        "decides `perhaps`: write `number` or `name`",
        "the formula is C7H8 here and C3H6O there",
    ]) {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(
        report.warnings,
        [
            "line 3: the number decided: a name that its entry does not have was left out",
            "line 4: the name decided: all that stands beside it was left out",
            "line 5: the name decided: synonyms beside it were left out",
        ]
    );
    let ethanol = chemical(&app, "64-17-5").await;
    assert_eq!((&ethanol["formula"], &ethanol["synonyms"]), (&json!("C2H6O"), &json!(["EtOH"])));
    let acetone = chemical(&app, "67-64-1").await;
    assert_eq!((&acetone["formula"], &acetone["ec"]), (&json!("C3H6O"), &json!(null)));
    assert_eq!(chemical(&app, "50-00-0").await["formula"], "CH2O");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_the_name_decides_nothing_else_of_the_row_becomes_the_entrys(db: PgPool) {
    let (app, folder) = lab(db).await;
    let before = super::dump(&app).await;
    let rows = "name,cas,ec,inchikey,formula,density,synonyms,decides\n\
        acetone,108-88-3,203-625-9,YXFVVABEGXRONW-UHFFFAOYSA-N,C7H8,0.867,toluene;toluol,name\n";
    let report = load_chemicals(&app, &folder.file("c.csv", rows)).await.expect("an import");
    assert_eq!(counts(&report), [1, 0, 0, 1, 0], "{:?}", report.corrections);
    assert_eq!(super::dump(&app).await, before);
    // Of a name that is new, too.
    let rows = "name,cas,formula,synonyms,decides\nxylene,108-88-3,C7H8,toluene,name\n";
    let report = load_chemicals(&app, &folder.file("d.csv", rows)).await.expect("an import");
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
    let xylene = app.client("viewer").await.get("/v1/chemicals?q=xylene").await.ok()["items"][0].clone();
    for (field, nothing) in [("cas", json!(null)), ("formula", json!(null)), ("synonyms", json!([]))] {
        assert_eq!(xylene[field], nothing, "{field}");
    }
    // What contradicts the entry is refused all the same.
    let rows = "name,cas,formula,decides\nethanol,67-64-1,C2H6O,\nethanol,67-64-1,C3H6O,name\n";
    super::load(&app, &folder.file("e.csv", "name,cas,formula\nethanol,64-17-5,C2H6O\n")).await;
    let report = load_chemicals(&app, &folder.file("f.csv", rows)).await.expect("an import");
    assert!(corrections(&report)[1].1.contains("the formula is C3H6O here and C2H6O there"), "{report}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_synonym_in_the_row_itself_does_not_make_its_name_one_of_the_entry_of_its_number(db: PgPool) {
    let (app, folder) = lab(db).await;
    for (n, row) in ["Methanol,64-17-5,ethanol", "L-alanine,67-64-1,acetone"].into_iter().enumerate() {
        let file = folder.file(&format!("{n}.csv"), format!("name,cas,synonyms\n{row}\n"));
        let report = load_chemicals(&app, &file).await.expect("an import");
        assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{row}");
        assert!(corrections(&report)[0].1.contains("is none of the names of"), "{:?}", corrections(&report));
    }
}
