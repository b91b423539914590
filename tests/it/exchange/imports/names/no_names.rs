//! Numbers and placeholders are no names.

use chemstock::{catalogue::chemicals::Names, exchange::imports::ContainerOptions};
use serde_json::json;
use sqlx::PgPool;

use super::{DECIDED, Folder, NEW_NAMES, bottles, bottles_with, chemicals, corrections, known, reasons};
use crate::support::TestApp;

const KNOWN: &str = "name,cas,ec,inchikey\nethanol,64-17-5,200-578-6,LFQSCWFLJHTTHZ-UHFFFAOYSA-N\n\
    acetone,67-64-1,200-662-2,CSCPPACGZOOCGX-UHFFFAOYSA-N\n";

async fn catalogue(db: PgPool) -> (TestApp, Folder) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    known(&app, &folder, KNOWN).await;
    (app, folder)
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_of_anything_else_is_no_synonym_whatever_was_decided(db: PgPool) {
    let (app, folder) = catalogue(db).await;
    let before = super::super::dump(&app).await;
    let rows = [
        ("ethanol,64-17-5,67-64-1", "the synonym `67-64-1` is the CAS number of `acetone`"),
        ("ethanol,64-17-5,108-88-3", "the synonym `108-88-3` is a CAS number that this chemical does not have"),
        ("ethanol,64-17-5,CAS 67641", "the synonym `CAS 67641` is the CAS number of `acetone`"),
        ("ethanol,64-17-5,foo [67-64-1]", "the synonym `foo [67-64-1]` has in it the CAS number of `acetone`"),
        ("foo,,200-578-6", "the synonym `200-578-6` is the EC number of `ethanol`"),
        ("foo,,EINECS 203-625-9", "the synonym `EINECS 203-625-9` is an EC number that this chemical does not have"),
        ("foo,,CSCPPACGZOOCGX-UHFFFAOYSA-N", "is the InChIKey of `acetone`"),
        ("foo,,CSCPPACGZOOCGXUHFFFAOYSAN", "is the InChIKey of `acetone`"),
        ("foo (67-64-1),,", "the name `foo (67-64-1)` has in it the CAS number of `acetone`"),
        ("foo 108-88-3,64-17-5,", "has in it a CAS number that this chemical does not have"),
    ];
    let text = rows.map(|(row, _)| format!("{row}\n")).concat();
    for names in [Names::default(), NEW_NAMES, DECIDED] {
        let report = chemicals(&app, &folder, &format!("name,cas,synonyms\n{text}"), names).await;
        for (reason, (row, part)) in reasons(&report).iter().zip(rows) {
            assert!(reason.contains(part), "{row}: {reason}");
        }
    }
    assert_eq!(super::super::dump(&app).await, before);
    // Its own number is no contradiction.
    let own = "name,cas,ec,synonyms\nethanol,64-17-5,200-578-6,64-17-5;ethanol (64-17-5)\n";
    assert_eq!(chemicals(&app, &folder, own, Names::default()).await.failed, 0);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_names_nothing_is_no_name(db: PgPool) {
    let (app, folder) = catalogue(db).await;
    for (name, part) in [
        ("?", "has no letter"),
        ("-", "has no letter"),
        ("67641", "did you mean the CAS number 67-64-1?"),
        ("67-64-2", "has no letter"),
        ("067-64-1", "has no letter"),
        ("n/a", "names nothing"),
        ("N.A.", "names nothing"),
        ("unknown", "names nothing"),
        ("Unbekannt", "names nothing"),
        ("Total", "names nothing"),
    ] {
        let rows = format!("name,cas,synonyms\n{name},,\n{name},64-17-5,\nethanol,64-17-5,{name}\n");
        let report = chemicals(&app, &folder, &rows, NEW_NAMES).await;
        assert_eq!(report.failed, 3, "{name}");
        for (line, reason) in corrections(&report) {
            let what = if line < 4 { "name" } else { "synonym" };
            assert!(reason.contains(&format!("the {what} `{name}` ")) && reason.contains(part), "{name}: {reason}");
        }
        let refused = bottles(&app, &folder, &[&format!("{name},"), &format!("{name},64-17-5")]).await;
        assert!(refused.iter().flatten().all(|it| it.contains(part)) && refused[0].is_some(), "{name}: {refused:?}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_under_a_number_is_of_the_entry_that_has_the_number_and_of_no_other(db: PgPool) {
    let (app, folder) = catalogue(db).await;
    // As an older version let them in.
    let spoiled = "with c as (update chemicals set synonyms = '{67-64-1,108-88-3}' where cas = '64-17-5' returning id)
        insert into chemical_terms (chemical_id, term, kind)
        select id, term, 1 from c, unnest('{67 64 1,108 88 3}'::text[]) as t (term)";
    sqlx::query(spoiled).execute(&app.db).await.expect("a row");
    let decided = ContainerOptions { number_decides: true, ..ContainerOptions::default() };
    for options in [ContainerOptions::default(), decided] {
        let rows = [
            "67-64-1,",
            "EC 200-662-2,",
            "CSCPPACGZOOCGX-UHFFFAOYSA-N,67-64-1",
            "CAS 64-17-5,64-17-5",
            "67-64-1,64-17-5",
            "108-88-3,",
            "7789-20-0,64-17-5",
            "200-662-2,64-17-5",
            "ethanol [67-64-1],64-17-5",
        ];
        let told = bottles_with(&app, &folder, &rows, &options).await;
        for (reason, row) in told[..4].iter().zip(rows) {
            assert_eq!(*reason, None, "{row}");
        }
        for (at, part) in [
            (4, "`67-64-1` is the CAS number of acetone (67-64-1), and the CAS number here is 64-17-5"),
            (5, "`108-88-3` is a CAS number that is not in the catalogue"),
            (6, "`7789-20-0` is a CAS number, and the CAS number here is 64-17-5"),
            (7, "`200-662-2` is the EC number of acetone (67-64-1), and the CAS number here is 64-17-5"),
            (
                8,
                "`ethanol [67-64-1]` has in it the CAS number of acetone (67-64-1), and the CAS number here is 64-17-5",
            ),
        ] {
            assert!(told[at].as_ref().is_some_and(|it| it.contains(part)), "{}: {:?}", rows[at], told[at]);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_catalogue_takes_no_number_of_another_as_a_synonym(db: PgPool) {
    let (app, _folder) = catalogue(db).await;
    let manager = app.client("manager").await;
    let told = |problem: &serde_json::Value| problem["errors"][0]["detail"].as_str().expect("a detail").to_owned();
    let new = json!({"name": "foo", "synonyms": ["bar", "CAS 67-64-1"]});
    let problem = manager.post("/v1/chemicals", new).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/synonyms/1");
    assert!(told(&problem).contains("`CAS 67-64-1` is the CAS number of `acetone`"), "{problem}");
    let made = manager.post("/v1/chemicals", json!({"name": "foo", "synonyms": ["bar"]})).await.created();
    let path = format!("/v1/chemicals/{}", made["id"].as_str().expect("an id"));
    let problem = manager.patch(&path, "\"1\"", json!({"synonyms": ["200-578-6"]})).await.problem(422, "invalid");
    assert!(told(&problem).contains("`200-578-6` is the EC number of `ethanol`"), "{problem}");
}
