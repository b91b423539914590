//! A sign in a number has one meaning in a list.

use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
    quantities::amounts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_point_beside_decimal_commas_is_thousands_only_where_the_column_proves_it(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for list in [
        "code;cas;amount\nA;64-17-5;2,5 L\nX;64-17-5;1.500 L\n",
        "code;cas;amount;unit\nA;64-17-5;2,5;L\nX;64-17-5;1.500;L\n",
        "code,cas,amount\nA,64-17-5,\"2,5 L\"\nX,64-17-5,1.500 L\n",
        "code\tcas\tamount\nA\t64-17-5\t2.5 L\nX\t64-17-5\t1,500 L\n",
    ] {
        let report = load(&app, &folder.file("b.csv", list)).await;
        assert_eq!(report.failed, 1, "{list}");
        let (line, why) = &corrections(&report)[0];
        assert!(*line == 3 && why.contains("or 1500") && why.contains("without thousands"), "{why}");
        assert_eq!(amounts(&app, &manager).await, ["A: 2.5 L"]);
    }
    let proven = "code;cas;amount\nB;64-17-5;2,5 L\nC;64-17-5;1.500 mL\nD;64-17-5;1.234,5 mL\n";
    assert_eq!(counts(&load(&app, &folder.file("c.csv", proven)).await), [3, 3, 0, 0, 0]);
    assert_eq!(amounts(&app, &manager).await, ["A: 2.5 L", "B: 2.5 L", "C: 1500 mL", "D: 1234.5 mL"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_sign_has_no_two_meanings_in_two_columns_of_a_list(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,tare\nA,64-17-5,\"2,5 L\",\nB,64-17-5,1 L,1.500\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [2, 1, 0, 0, 1]);
    assert!(corrections(&report)[0].1.contains("tare `1.500` may be 1.500 or 1500"), "{:?}", corrections(&report));
    let list = "code;cas;amount;tare\nC;64-17-5;1.234,5 mL;\nD;64-17-5;2.000 mL;1.5\n";
    let report = load(&app, &folder.file("c.csv", list)).await;
    assert_eq!(counts(&report), [2, 1, 0, 0, 1], "{:?}", amounts(&app, &manager).await);
    let (list, none) = ("code,cas,amount,tare\nE,64-17-5,1.500 L,1.250\n", [1, 1, 0, 0, 0]);
    assert_eq!(counts(&load(&app, &folder.file("d.csv", list)).await), none, "where nothing speaks against the point");
    assert_eq!(containers(&app, &manager).await.len(), 3);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn numbers_with_one_meaning_go_in_however_they_are_spaced(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let cells = [
        (".5 L", Some("0.5 L")),
        ("500mL", Some("500 mL")),
        ("1\u{a0}000 mL", Some("1000 mL")),
        ("2\u{202f}500\u{a0}mL", Some("2500 mL")),
        ("2\u{2009}500.5 mL", Some("2500.5 mL")),
        ("1 000 mL", Some("1000 mL")),
        ("1'000 mL", Some("1000 mL")),
        ("1\u{2019}500 mL", Some("1500 mL")),
        ("2 500 mL", None),
        ("2x500 mL", None),
        ("2x500mL", None),
        ("2 × 500 mL", None),
        ("500 mL x 2", None),
        ("1 00 mL", None),
        ("1\u{a0}0000 mL", None),
        ("5.L.", None),
    ];
    for (n, (cell, expected)) in cells.into_iter().enumerate() {
        let list = format!("code,cas,amount\nB-{n:02},64-17-5,{cell}\n");
        let report = load(&app, &folder.file("b.csv", &list)).await;
        assert_eq!(report.failed == 0, expected.is_some(), "{cell}");
        if let Some(expected) = expected {
            let last = amounts(&app, &manager).await.pop().expect("a bottle");
            assert_eq!(last, format!("B-{n:02}: {expected}"), "{cell}");
        } else if cell.contains(['x', '×']) {
            assert!(corrections(&report)[0].1.contains("each bottle a row"), "{:?}", corrections(&report));
        }
    }
    let list = "code;cas;amount\nC-1;64-17-5;1 234,5 mL\n";
    let report = load(&app, &folder.file("c.csv", list)).await;
    assert_eq!(report.failed, 1, "234,5 mL may be what one of them holds");
    let list = "code;cas;amount\nC-1;64-17-5;,5 L\n";
    assert_eq!(counts(&load(&app, &folder.file("c.csv", list)).await), [1, 1, 0, 0, 0]);
    assert_eq!(amounts(&app, &manager).await.pop().expect("a bottle"), "C-1: 0.5 L");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_density_and_a_molar_mass_with_three_decimals_have_one_meaning_in_any_file(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let list = "name;cas;density;molar mass\nchloroform;67-66-3;1.489;119.370\nglucose;50-99-7;;180.156\nsalt;7647-14-5;2.165;58.443\n";
    let report = super::load(&app, &folder.file("c.csv", list)).await;
    assert_eq!(counts(&report), [3, 3, 0, 0, 0], "{:?}", report.corrections);
    let chloroform = super::chemical(&app, "67-66-3").await;
    assert_eq!((&chloroform["density"], &chloroform["molar_mass"]), (&"1.489".into(), &"119.37".into()));
    let alone = "name;molar mass\nalbumin;66.430\n";
    let report = super::load(&app, &folder.file("d.csv", alone)).await;
    assert!(corrections(&report)[0].1.contains("may be 66.430 or 66430"), "{:?}", corrections(&report));
}
