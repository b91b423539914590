//! A file of corrections has a few rows of a list, and each means there what it meant in the list.

use std::path::Path;

use chemstock::exchange::imports::{ContainerOptions, Report, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    corrections, counts, load_chemicals,
};
use crate::support::{Client, TestApp};

async fn create(app: &TestApp, file: &Path) -> Report {
    load_containers(&app.app, file, app.lab, &CREATE, None).await.expect("an import")
}

/// Code and amount of each bottle.
async fn amounts(app: &TestApp, by: &Client) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let all = containers(app, by).await;
    all.iter()
        .map(|it| (text(&it["code"]), format!("{} {}", text(&it["amount"]["value"]), text(&it["amount"]["unit"]))))
        .collect()
}

/// The lists' first rows decide, and go in at once; the others wait for their place.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_keeps_the_meaning_that_its_column_gave_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (n, (list, expected)) in [
        ("code;cas;amount;location\nX1;64-17-5;1.234,5 mL;\nX2;64-17-5;1.000 mL;Room 9\nX3;64-17-5;1,250 mL;Room 9\n", ["1000 mL", "1.25 mL"]),
        ("code;cas;amount;location\nX1;64-17-5;1,234.5 mL;\nX2;64-17-5;1.000 mL;Room 8\nX3;64-17-5;1,250 mL;Room 8\n", ["1 mL", "1250 mL"]),
        ("code\tcas\tamount\tlocation\nX1\t64-17-5\t1.234,5 mL\t\nX2\t64-17-5\t1.000 mL\tRoom 7\nX3\t64-17-5\t1,250 mL\tRoom 7\n", ["1000 mL", "1.25 mL"]),
        ("code,cas,amount,location\nX1,64-17-5,\"1.234,5 mL\",\nX2,64-17-5,1.000 mL,Room 6\nX3,64-17-5,\"1,250 mL\",Room 6\n", ["1000 mL", "1.25 mL"]),
        ("code,cas,amount,location\nX1,64-17-5,5 L,\nX2,64-17-5,1.000 mL,Room 5\nX3,64-17-5,1.250 mL,Room 5\n", ["1 mL", "1.25 mL"]),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.file("b.csv", list.replace('X', &format!("{n}-")));
        let report = load(&app, &file).await;
        assert_eq!(counts(&report), [3, 1, 0, 0, 2], "{list}");
        // Refused once more, it still means the same.
        let first = report.corrections.expect("corrections");
        let report = load(&app, &first).await;
        assert_eq!((counts(&report), &report.warnings), ([2, 0, 0, 0, 2], &vec![]), "{list}");
        for corrections in [report.corrections.expect("corrections"), first] {
            let report = create(&app, &corrections).await;
            assert_eq!(report.failed, 0, "{list}");
        }
        let all = amounts(&app, &manager).await;
        let last: Vec<_> = all[all.len() - 2..].iter().map(|(_, amount)| amount.as_str()).collect();
        assert_eq!(last, expected, "{list}");
        assert_eq!(counts(&create(&app, &file).await), [3, 0, 0, 3, 0], "the list itself says the same: {list}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_that_its_list_does_not_decide_is_not_decided_by_the_corrections(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for list in [
        "code;cas;amount;location\nA1;64-17-5;1.000 mL;\nA2;64-17-5;1.500 L;\n",
        "code;cas;amount;location\nB1;64-17-5;2,5 L;\nB2;64-17-5;2.5 L;Room 9\nB3;64-17-5;1.000 mL;\n",
        "code,cas,amount,location\nC1,64-17-5,\"1,000 mL\",\nC2,64-17-5,\"1,500 L\",\n",
    ] {
        let report = load(&app, &folder.file("b.csv", list)).await;
        assert_eq!(report.failed, 2, "{list}");
        let file = report.corrections.expect("corrections");
        let report = create(&app, &file).await;
        let refused = corrections(&report);
        assert!(refused.iter().any(|(_, why)| why.contains("may be 1.000 or 1000")), "{list}: {refused:?}");
    }
    // Whoever writes one without thousands has decided it.
    let report = load(&app, &folder.file("b.csv", "code;cas;amount\nD1;64-17-5;1.000 mL\nD2;64-17-5;1.500 L\n")).await;
    let file = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(
        text.lines().next(),
        Some("line;reason;read with;check;decides;code;cas;amount"),
        "separated as the list is"
    );
    std::fs::write(
        &file,
        text.replace("D1;64-17-5;1.000", "D1;64-17-5;1000").replace("D2;64-17-5;1.500", "D2;64-17-5;1.5"),
    )
    .expect("a file");
    assert_eq!(counts(&load(&app, &file).await), [2, 2, 0, 0, 0]);
    let expected = [("B1", "2.5 L"), ("B2", "2.5 L"), ("D1", "1000 mL"), ("D2", "1.5 L")];
    let expected = expected.map(|(code, amount)| (code.to_owned(), amount.to_owned()));
    assert_eq!(amounts(&app, &manager).await, expected);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_day_keeps_the_meaning_that_its_column_gave_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (list, expected) in [
        (
            "code,cas,amount,expires,location\nA1,64-17-5,1 L,25/04/2027,\nA2,64-17-5,1 L,03/04/2027,Room 9\n",
            "2027-04-03",
        ),
        (
            "code,cas,amount,expires,location\nB1,64-17-5,1 L,04/25/2027,\nB2,64-17-5,1 L,03/04/2027,Room 8\n",
            "2027-03-04",
        ),
    ] {
        let report = load(&app, &folder.file("b.csv", list)).await;
        let report = create(&app, &report.corrections.expect("corrections")).await;
        assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{list}");
        assert_eq!(containers(&app, &manager).await.pop().expect("a bottle")["expires_on"], expected);
    }
    let list =
        "code,cas,amount,expires\nC1,64-17-5,1 L,25/04/2027\nC2,64-17-5,1 L,04/25/2027\nC3,64-17-5,1 L,03/04/2027\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    let file = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace("04/25/2027", "2027-04-25")).expect("a file");
    let report =
        load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), None).await.expect("an import");
    assert_eq!(counts(&report), [3, 1, 0, 0, 2], "each day is written out, as the reason says");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_of_a_substance_keeps_its_meaning_too(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let pubchem = "702\t64-17-6\tC2H6O\t46.069\tCCO\tC2H6O/c\tLFQSCWFLJHTTHZ-UHFFFAOYSA-N\tethanol\talcohol\n";
    let list =
        "name;cas;molar mass;density\nWater;7732-18-5;18,01528;0,998\nAcetone;67-64-2;58.080;0,784\nBrine;;;1.000\n";
    let file = folder.file("a.csv", list);
    let report = load_chemicals(&app, &file).await.expect("an import");
    // One sign in a column: 58 080 g/mol, and a thousand times the density of water, are no substances.
    assert_eq!(counts(&report), [3, 1, 0, 0, 2]);
    let report = load_chemicals(&app, &report.corrections.expect("corrections")).await.expect("an import");
    assert_eq!(counts(&report), [2, 0, 0, 0, 2]);
    let report = load_chemicals(&app, &folder.file("b.txt", pubchem)).await.expect("an import");
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    let file = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.contains(",molar mass: 46.069,"), "{text}");
    std::fs::write(&file, text.replace("64-17-6", "64-17-5")).expect("a file");
    let report = load_chemicals(&app, &file).await.expect("an import");
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
    assert_eq!(super::chemical(&app, "64-17-5").await["molar_mass"], "46.069");
}
