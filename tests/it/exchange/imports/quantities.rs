//! Columns that say how many bottles there are, beside those that say how much is in one.

use chemstock::exchange::imports::{ContainerOptions, Options, Report, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
};
use crate::support::{Client, TestApp};

/// Code and amount of each bottle.
pub async fn amounts(app: &TestApp, by: &Client) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let all = containers(app, by).await;
    let told = |it: &serde_json::Value| {
        format!("{}: {} {}", text(&it["code"]), text(&it["amount"]["value"]), text(&it["amount"]["unit"]))
    };
    all.iter().map(told).collect()
}

pub async fn mapped(app: &TestApp, folder: &Folder, list: &str, mapping: &[&str]) -> anyhow::Result<Report> {
    let mapping = mapping.iter().map(|one| one.parse().expect("a mapping")).collect();
    let options = ContainerOptions { common: Options { mapping, ..Options::default() }, ..ContainerOptions::default() };
    load_containers(&app.app, &folder.file("mapped.csv", list), app.lab, &options, None).await
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_number_of_bottles_is_never_read_as_an_amount(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (headers, many, one) in [
        ("Qty,Size,Unit", "3,500,mL", "1,500,mL"),
        ("Quantity,Pack size,Unit", "3,500,mL", "1,500,mL"),
        ("Menge,Gebindegröße,Einheit", "3,500,mL", "1,500,mL"),
        ("Qty,Size", "3,500 mL", "1,500 mL"),
        ("Qty,Size (mL)", "3,500", "1,500"),
        ("Qty,Unit,Size", "3,bottles,500 mL", "1,bottle,500 mL"),
        ("Qty,Unit,Size,Size unit", "3,bottles,500,mL", "1,bottle,500,mL"),
        ("Qty,Size,Unit", "3 bottles,500,mL", "1 bottle,500,mL"),
        ("Qty,Amount,Unit", "3,500,mL", "1,500,mL"),
        ("Quantity,Amount", "3,500 mL", "1,500 mL"),
        ("Quantity (bottles),Amount", "3,500 mL", "1,500 mL"),
        ("Count,Amount", "3,500 mL", "1,500 mL"),
        ("Anzahl (Flaschen),Amount", "3,500 mL", "1,500 mL"),
        ("In stock (bottles),Amount", "3,500 mL", "1,500 mL"),
        ("No. of bottles,Amount", "3,500 mL", "1,500 mL"),
        ("# of bottles,Size", "3,500 mL", "1,500 mL"),
        ("Number of containers,Quantity", "3,500 mL", "1.0,500 mL"),
        ("Anzahl,Menge,Einheit", "3,500,mL", "1,500,mL"),
        ("Stück,Inhalt", "3 Stk,500 mL", "1 Stk,500 mL"),
        ("Bottles,Quantity,Unit", "3,500,mL", "1,500,mL"),
        ("Anzahl Flaschen,Menge", "0,500 mL", ",500 mL"),
        ("Stückzahl,Menge", "2-3,500 mL", "1 x,500 mL"),
    ] {
        let list = format!("code,cas,{headers}\nB-1,64-17-5,{many}\nB-2,64-17-5,{one}\n");
        let report = load(&app, &folder.file("b.csv", &list)).await;
        assert_eq!(report.failed, 1, "{list}{:?}", report.corrections.is_some().then(|| corrections(&report)));
        let (line, why) = &corrections(&report)[0];
        assert!(*line == 2 && why.contains("bottle"), "{list}{why}");
        let header = headers.split(',').next().expect("a header");
        assert!(why.contains(&format!("`{header}`")), "{list}{why}");
        assert_eq!(amounts(&app, &manager).await, ["B-2: 500 mL"], "{list}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn where_two_columns_could_be_the_amount_a_row_is_refused_until_a_person_says_which_is(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    // What is left, of what a bottle once held: one litre of four is no single bottle of four.
    let list = "code,cas,Quantity,Container size,Unit\nB-1,64-17-5,2.5,4,L\nB-2,64-17-5,1,4,L\nB-3,64-17-5,4,4,L\n\
        B-4,64-17-5,,4,L\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [4, 0, 0, 0, 4], "{:?}", amounts(&app, &manager).await);
    let refused = corrections(&report);
    assert!(refused[..3].iter().all(|(_, why)| why.contains("--map amount=Quantity")), "{refused:?}");
    // Alone in a file of corrections, it has as many meanings.
    let file = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file");
    let alone: Vec<_> = text.lines().filter(|line| !line.contains("B-1") && !line.contains("B-3")).collect();
    std::fs::write(&file, alone.join("\n") + "\n").expect("a file");
    assert_eq!(counts(&load(&app, &file).await), [2, 0, 0, 0, 2]);
    let report = mapped(&app, &folder, list, &["amount=Quantity"]).await.expect("an import");
    assert_eq!(counts(&report), [4, 3, 0, 0, 1]);
    assert_eq!(amounts(&app, &manager).await, ["B-1: 2.5 L", "B-2: 1 L", "B-3: 4 L"]);

    let list = "code,cas,Quantity,Container size,Unit\nC-1,64-17-5,1,4,L\nC-2,64-17-5,4,4,L\n";
    for mapping in [["count=Quantity"], ["amount=Container size"]] {
        let report = mapped(&app, &folder, list, &mapping).await.expect("an import");
        assert_eq!(report.failed, 1, "{mapping:?}");
        assert!(amounts(&app, &manager).await.contains(&"C-1: 4 L".to_owned()));
    }
    // With a unit of its own it is an amount.
    let list = "code,cas,Quantity,Container size\nD-1,64-17-5,250 mL,500 mL\n";
    assert_eq!(counts(&load(&app, &folder.file("d.csv", list)).await), [1, 1, 0, 0, 0]);
    assert!(amounts(&app, &manager).await.contains(&"D-1: 250 mL".to_owned()));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_count_that_its_list_has_decided_is_one_in_the_corrections(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,Qty,Size,Unit\nB-1,64-17-6,1,500,mL\nB-2,64-17-5,2,500,mL\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [2, 0, 0, 0, 2]);
    assert!(report.warnings.iter().any(|it| it.contains("`Qty`") && it.contains("`Size`")), "{:?}", report.warnings);
    let file = report.corrections.expect("corrections");
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace("64-17-6", "64-17-5")).expect("a file");
    assert_eq!(counts(&load(&app, &file).await), [2, 1, 0, 0, 1]);
    assert_eq!(amounts(&app, &manager).await, ["B-1: 500 mL"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_unit_in_a_header_is_that_of_its_column(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (n, (header, unit, mapping, expected)) in [
        ("Size (mL)", "", &["amount=Size (mL)"][..], Some("500 mL")),
        ("Size (mL)", "", &[], Some("500 mL")),
        ("Amount [g]", "", &[], Some("500 g")),
        ("Menge in mL", "", &[], Some("500 mL")),
        ("amount_ml", "", &[], Some("500 mL")),
        ("Füllung (mL)", "", &["amount=Füllung (mL)"], Some("500 mL")),
        ("Füllung (mL)", "mL", &["amount=Füllung (mL)"], Some("500 mL")),
        ("Füllung (mL)", "L", &["amount=Füllung (mL)"], None),
        ("Size (mL)", "kg", &["amount=Size (mL)"], None),
        ("Füllung (Mg)", "", &["amount=Füllung (Mg)"], None),
    ]
    .into_iter()
    .enumerate()
    {
        let list = format!("code,cas,{header},unit\nA-{n},64-17-5,500,{unit}\n");
        let report = mapped(&app, &folder, &list, mapping).await.expect("an import");
        assert_eq!(report.failed == 0, expected.is_some(), "{list}");
        if let Some(expected) = expected {
            assert_eq!(amounts(&app, &manager).await.pop().expect("a bottle"), format!("A-{n}: {expected}"), "{list}");
        }
    }
    // Also a tare: in kilograms it is no tare in grams.
    let list = "code,cas,amount,Tare (kg)\nB-1,64-17-5,1 L,0.5\n";
    assert_eq!(counts(&load(&app, &folder.file("t.csv", list)).await), [1, 1, 0, 0, 0]);
    let list = "code,cas,amount,Leer (kg)\nB-2,64-17-5,1 L,0.5\nB-3,64-17-5,1 L,500 g\n";
    let report = mapped(&app, &folder, list, &["tare=Leer (kg)"]).await.expect("an import");
    assert_eq!(counts(&report), [2, 1, 0, 0, 1], "a cell against its header is refused");
    let all = containers(&app, &manager).await;
    let tares = all.iter().filter(|it| it["tare"].is_object()).map(|it| it["tare"]["value"].clone());
    assert_eq!(tares.collect::<Vec<_>>(), ["500", "500"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_quantity_beside_an_amount_is_read_as_a_number_with_a_word_and_never_against_its_unit(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    // One millilitre may be left of 500.
    let list = "code,cas,Amount,Quantity,Unit\nB-1,64-17-5,500 mL,1,mL\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    let why = &corrections(&report)[0].1;
    assert!(
        why.contains("may be the amount or the number of bottles") && why.contains("--map count=Quantity"),
        "{why}"
    );
    let report = mapped(&app, &folder, list, &["count=Quantity"]).await.expect("an import");
    assert_eq!(report.failed, 0, "{:?}", report.corrections);
    for (n, list) in [
        "code,cas,Amount,Quantity,Unit\nC-0,64-17-5,500,1,mL\n",
        "code,cas,Amount,Quantity\nC-1,64-17-5,500 mL,1\n",
        "code,cas,Amount,Quantity,Unit\nC-2,64-17-5,500 mL,1,bottle\n",
    ]
    .into_iter()
    .enumerate()
    {
        let report = load(&app, &folder.file("c.csv", list)).await;
        assert_eq!(report.failed, 0, "{list}");
        let told = "the column `Quantity` was read as the number of bottles, as `Amount` says how much is in one";
        assert_eq!(report.warnings, [told], "{list}");
        assert!(amounts(&app, &manager).await.contains(&format!("C-{n}: 500 mL")), "{list}");
    }
}
