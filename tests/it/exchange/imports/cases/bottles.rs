//! Cases of bottle lists.

use std::collections::BTreeMap;

use chemstock::exchange::imports::{ContainerOptions, Options, load_containers};
use serde_json::json;
use sqlx::PgPool;

use super::{
    super::{corrections, counts},
    Lab, case, create, none, pairs,
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c005_a_file_that_is_no_csv_says_what_it_is_and_prints_no_control_characters(db: PgPool) {
    let lab = Lab::new(db).await;
    let told = lab.refused("C005-utf16-without-mark.txt").await;
    assert!(told.contains("the file is UTF-16"), "{told}");
    let told = lab.refused("C005-workbook.xlsx").await;
    assert!(told.contains("workbook"), "{told}");
    let odd = lab.folder.file("odd.csv", "co\u{1b}[31mde,x\n1,2\n");
    let told = load_containers(&lab.app.app, &odd, lab.app.lab, &none(), None).await.unwrap_err().to_string();
    assert!(!told.contains(char::is_control), "{told:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c007_c008_one_sign_has_one_meaning_in_a_column(db: PgPool) {
    let lab = Lab::new(db).await;
    assert_eq!(counts(&lab.import("C007-decimal-comma.csv", &none()).await), [3, 3, 0, 0, 0]);
    assert_eq!(counts(&lab.import("C008-thousands-point.csv", &none()).await), [4, 4, 0, 0, 0]);
    let expected = [
        ("K-001", "13.75 kg"),
        ("K-002", "2.5 L"),
        ("K-003", "0.1 L"),
        ("T-001", "2.5 L"),
        ("T-002", "1000 mL"),
        ("T-003", "4711.98 g"),
        ("T-004", "2500 mL"),
    ];
    assert_eq!(lab.amounts().await, pairs(&expected));
    let alone = lab.folder.file("alone.csv", "code;chemical;amount;unit\nA-1;ethanol;1.000;mL\n");
    let report = load_containers(&lab.app.app, &alone, lab.app.lab, &none(), None).await.unwrap();
    assert!(corrections(&report)[0].1.contains("1.000 or 1000"), "{:?}", corrections(&report));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c011_c013_days_and_months_are_read_where_they_have_one_meaning(db: PgPool) {
    let lab = Lab::new(db).await;
    assert_eq!(counts(&lab.import("C011-iso-with-midnight.csv", &none()).await), [3, 3, 0, 0, 0]);
    assert_eq!(counts(&lab.import("C013-expiry-month.csv", &none()).await), [4, 4, 0, 0, 0]);
    let bottles = lab.bottles().await;
    for (code, received, expires) in [
        ("M-001", "2017-08-01", "2027-08-01"),
        ("M-002", "2025-08-01", "2027-08-01"),
        ("M-003", "2025-08-01", "2027-08-01"),
    ] {
        assert_eq!((&bottles[code]["received_on"], &bottles[code]["expires_on"]), (&json!(received), &json!(expires)));
    }
    for code in ["X-001", "X-002", "X-003", "X-004"] {
        assert_eq!(bottles[code]["expires_on"], "2027-02-28", "{code}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c016_a_list_that_went_through_a_spreadsheet_says_the_same(db: PgPool) {
    let lab = Lab::new(db).await;
    assert_eq!(counts(&lab.import("C016-first.csv", &none()).await), [3, 3, 0, 0, 0]);
    assert_eq!(counts(&lab.import("C016-second.csv", &none()).await), [3, 0, 0, 3, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c019_headers_of_real_lists_are_known_or_can_be_mapped_and_glass_is_no_code(db: PgPool) {
    let lab = Lab::new(db).await;
    let told = lab.refused("C019-container-is-glass.csv").await;
    assert!(told.contains("no column `code`"), "{told}");
    let german = lab.folder.file(
        "german.csv",
        std::fs::read_to_string(case(&lab.folder, "C019-german.csv")).unwrap().replace("Raum 2.14", ""),
    );
    let report = load_containers(&lab.app.app, &german, lab.app.lab, &none(), None).await.unwrap();
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
    let university = lab.import("C019-university.csv", &none()).await;
    assert_eq!(counts(&university), [1, 1, 0, 0, 0]);
    let app = ContainerOptions { make_codes: true, ..none() };
    assert_eq!(counts(&lab.import("C019-app.csv", &app).await), [1, 1, 0, 0, 0]);
    let bottles = lab.bottles().await;
    assert_eq!((&bottles["G-001"]["lot"], &bottles["G-001"]["expires_on"]), (&json!("A1"), &json!("2027-12-31")));
    assert_eq!(bottles["C-0001"]["amount"], json!({"value": "4", "unit": "L"}));
    let (_, third) = bottles.iter().find(|(code, _)| !["G-001", "C-0001"].contains(&code.as_str())).unwrap();
    assert_eq!((&third["state"], &third["opened_on"]), (&json!("opened"), &json!("2025-02-01")), "{third}");
    assert_eq!(third["amount"], json!({"value": "350", "unit": "mL"}));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c020_c022_paths_are_paths_and_a_slash_may_belong_to_a_name(db: PgPool) {
    let lab = Lab::new(db).await;
    let dry = ContainerOptions { common: Options { dry_run: true, ..Options::default() }, ..create() };
    let report = lab.import("C020-location-with-angle.csv", &dry).await;
    assert_eq!((counts(&report), report.locations.len()), ([3, 3, 0, 0, 0], 2));
    assert!(lab.places().await.is_empty() && lab.bottles().await.is_empty());
    assert_eq!(counts(&lab.import("C020-location-with-angle.csv", &create()).await), [3, 3, 0, 0, 0]);
    let mut places: Vec<_> = lab.places().await.iter().map(|it| it["path"].clone()).collect();
    places.sort_by_key(ToString::to_string);
    let expected = [
        json!(["Lab 2.3"]),
        json!(["Lab 2.3", "Cupboard 1"]),
        json!(["Lab 2.3", "Cupboard 1", "Shelf 4"]),
        json!(["Lab 2.3", "Cupboard 1", "Shelf 5"]),
    ];
    let mut expected = expected.to_vec();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(places, expected);

    let report = lab.import("C022-slash-in-name.csv", &create()).await;
    assert_eq!((counts(&report), lab.places().await.len()), ([2, 0, 0, 0, 2], 4));
    assert!(corrections(&report)[0].1.contains("`Freezer -20//-80` for the name"), "{:?}", corrections(&report));
    let mended = "code,chemical,amount,unit,location\nV-001,ethanol,1,L,Freezer -20//-80\n";
    let mended = lab.folder.file("mended.csv", mended);
    let report = load_containers(&lab.app.app, &mended, lab.app.lab, &create(), None).await.unwrap();
    assert_eq!((counts(&report), report.locations.as_slice()), ([1, 1, 0, 0, 0], &["Freezer -20/-80".to_owned()][..]));
    // Once it is there, the name alone finds it.
    let again = lab.import("C022-slash-in-name.csv", &none()).await;
    assert_eq!(counts(&again), [2, 0, 0, 1, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c023_name_and_number_are_of_one_entry_or_the_row_is_refused(db: PgPool) {
    let lab = Lab::new(db).await;
    let report = lab.import("C023-name-against-cas.csv", &none()).await;
    assert_eq!(counts(&report), [5, 1, 0, 0, 4]);
    let reasons = corrections(&report);
    for ((_, reason), parts) in reasons.iter().zip([
        ["64-17-5 is ethanol", "`Buffer Solution pH 7`"],
        ["67-56-1 is methanol", "`water`"],
        ["108-88-3 is toluene", "`acetone` is acetone (67-64-1)"],
        ["67-56-1 is methanol", "`methanol 1 M in water`"],
    ]) {
        assert!(parts.iter().all(|part| reason.contains(part)), "{reason}");
    }
    assert_eq!(lab.bottles().await.keys().collect::<Vec<_>>(), ["W-003"]);
    // Whoever decides for the number keeps the name.
    let decided = ContainerOptions { number_decides: true, ..none() };
    assert_eq!(counts(&lab.import("C023-name-against-cas.csv", &decided).await), [5, 4, 0, 1, 0]);
    assert_eq!(lab.bottles().await["W-002"]["note"], "label: water");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c025_codes_are_made_when_asked_for_and_the_second_run_finds_them(db: PgPool) {
    let lab = Lab::new(db).await;
    let options = ContainerOptions { make_codes: true, ..create() };
    let report = lab.import("C025-no-bottle-code.csv", &options).await;
    assert_eq!(counts(&report), [3, 3, 0, 0, 0], "{:?}", report.corrections);
    let written = std::fs::read_to_string(report.codes.expect("a file of codes")).unwrap();
    let bottles = lab.bottles().await;
    assert_eq!(written.lines().count(), 4);
    assert!(bottles.keys().all(|code| written.contains(code.as_str())), "{written}");
    assert_eq!(counts(&lab.import("C025-no-bottle-code.csv", &options).await), [3, 0, 0, 3, 0]);
    assert_eq!(lab.bottles().await, bottles);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c026_units_of_the_bench_are_read_and_what_has_two_sizes_is_refused(db: PgPool) {
    let lab = Lab::new(db).await;
    let report = lab.import("C026-bench-units.csv", &none()).await;
    let refused: Vec<_> = corrections(&report).into_iter().map(|(line, _)| format!("N-{:03}", line - 1)).collect();
    let expected = ["N-004", "N-006", "N-016", "N-022", "N-026", "N-032", "N-034", "N-035", "N-036", "N-039"];
    assert_eq!(refused, expected);
    let units: BTreeMap<_, _> = lab.amounts().await.into_iter().collect();
    for (code, amount) in [
        ("N-001", "250 [cft_i]"),
        ("N-003", "250 [cft_i]"),
        ("N-007", "1 1"),
        ("N-010", "1 [pt_us]"),
        ("N-012", "5 [gal_us]"),
        ("N-013", "1 L"),
        ("N-015", "100 mL"),
        ("N-029", "1 kL"),
        ("N-031", "1 t"),
        ("N-038", "1 1"),
    ] {
        assert_eq!(units[code], amount, "{code}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn c034_c035_c047_notes_of_two_lines_go_in_and_codes_stay_as_they_are_printed(db: PgPool) {
    let lab = Lab::new(db).await;
    assert_eq!(counts(&lab.import("C034-note-of-two-lines.csv", &none()).await), [2, 2, 0, 0, 0]);
    assert_eq!(lab.bottles().await["NL-1"]["note"], "first line / second line");
    let report = lab.import("C035-codes-as-powers-of-ten.csv", &none()).await;
    assert_eq!(counts(&report), [3, 0, 0, 0, 3]);
    assert!(
        corrections(&report).iter().all(|(_, why)| why.contains("a spreadsheet has turned this code into a number"))
    );
    let text = std::fs::read_to_string(case(&lab.folder, "C047-lab-codes.csv")).unwrap();
    let printed: Vec<_> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let report = lab.import("C047-lab-codes.csv", &none()).await;
    assert_eq!(report.added, u64::try_from(printed.len()).unwrap(), "{:?}", report.corrections);
    let bottles = lab.bottles().await;
    assert!(printed.iter().all(|code| bottles.contains_key(*code)));
}
