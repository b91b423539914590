//! What a refusal says: the cell as it was written, and what is wrong with it.

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{lab, load},
    corrections, counts, load_chemicals,
};
use crate::support::TestApp;

/// The reasons of rows that are all refused.
async fn refusals(app: &TestApp, folder: &Folder, header: &str, rows: &[&str]) -> Vec<String> {
    let lines = rows.iter().enumerate().map(|(n, row)| format!("B-{n},64-17-5,{row}\n"));
    let file = folder.file("b.csv", format!("code,cas,{header}\n{}", lines.collect::<String>()));
    let report = load(app, &file).await;
    let expected = u64::try_from(rows.len()).expect("few");
    assert_eq!(counts(&report), [expected, 0, 0, 0, expected], "{:?}", report.corrections);
    corrections(&report).into_iter().map(|(_, reason)| reason).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_column_that_contradicts_itself_names_the_lines_that_do(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let rows = ["1 L,03/04/2027", "1 L,25/04/2027", "1 L,26/04/2027", "1 L,04/27/2027"];
    for reason in refusals(&app, &folder, "amount,expires", &rows).await {
        let both = "the day is first in line 3 (`25/04/2027`) and the month in line 5 (`04/27/2027`)";
        assert!(reason.contains(both) && reason.contains("year-month-day"), "{reason}");
    }
    let undecided = refusals(&app, &folder, "amount,expires", &["1 L,03/04/2027", "1 L,99/04/2027"]).await;
    assert!(undecided[0].contains("may be two days"), "{undecided:?}");
    assert_eq!(undecided[1], "expires `99/04/2027`: this day does not exist");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_day_that_does_not_exist_is_told_however_it_is_written(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let days = ["31.02.2027", "2027-02-31", "2027/02/29", "20270231", "31-Feb-2027", "Apr 31 2027", "2027-13-01"];
    let rows = days.map(|day| format!("1 L,{day}"));
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    for (day, reason) in days.iter().zip(refusals(&app, &folder, "amount,received", &rows).await) {
        assert_eq!(reason, format!("received `{day}`: this day does not exist"));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_odd_amount_is_quoted_as_it_was_written(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let cells = [
        "-1 L",
        "2 500 mL",
        "1 00 mL",
        "1\u{a0}0000 mL",
        "1/2 L",
        "1e3 g",
        "2 x 2.5 L",
        "1'00 mL",
        "5-10 g",
        "1½ L",
        "~5 g",
    ];
    let rows = cells.map(|cell| format!("{cell},"));
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    for (cell, reason) in cells.iter().zip(refusals(&app, &folder, "amount,tare", &rows).await) {
        assert!(reason.starts_with(&format!("amount `{cell}`")), "{reason}");
        assert!(!reason.contains("unit `") && !reason.contains("; "), "one fault: {reason}");
    }
    let twice = refusals(&app, &folder, "amount,tare", &["1.2.3 g,", "1 0,"]).await;
    assert!(twice[0].starts_with("amount `1.2.3` is no number"), "{twice:?}");
    let long = refusals(&app, &folder, "amount,tare", &["\"0,1234567890123 g\",\"1 0 kg\""]).await;
    assert!(long[0].starts_with("amount `0,1234567890123`: write at most 12 digits"), "{long:?}");
    assert!(long[0].contains("; tare `1 0 kg`: "), "{long:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_concentration_in_the_place_of_an_amount_is_called_one(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let rows = ["1 M,", "5 mM,", "70%,", "70,%", "1,M", "10,mM", "2 mol/L,", "5 mg/mL,", "37 % w/w,", "1,ppm", "1,N"];
    for (row, reason) in rows.iter().zip(refusals(&app, &folder, "amount,unit", &rows).await) {
        assert!(reason.contains("is a concentration and not an amount"), "{row}: {reason}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_line_break_in_a_cell_is_called_one(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let rows = ["1 L,\"a\nb\",", "1 L,,\"a\r\nb\"", "1 L,\"a\tb\","];
    let reasons = refusals(&app, &folder, "amount,lot,location", &rows).await;
    assert!(reasons[..2].iter().all(|reason| reason.contains("line break")), "{reasons:?}");
    assert!(reasons[2].contains("control character U+0009"), "{reasons:?}");
    let file = folder.file("c.csv", "name,synonyms\n\"Lime\nstone\",\nLimestone,\"chalk\nstone\"\n");
    let report = load_chemicals(&app, &file).await.expect("an import");
    assert!(corrections(&report).iter().all(|(_, reason)| reason.contains("line break")), "{:?}", corrections(&report));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_amount_of_zero_is_refused_as_it_is_elsewhere(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let rows = ["0,L", "0 L,", "0.000,mL", "\"0,0\",g"];
    for (row, reason) in rows.iter().zip(refusals(&app, &folder, "amount,unit", &rows).await) {
        assert!(reason.starts_with("amount `0") && reason.ends_with("`: must be more than zero"), "{row}: {reason}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn columns_that_are_missing_are_told_in_a_right_sentence(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    for (header, told) in
        [("cas,lot", "there are no columns `code`, `amount`; "), ("cas,amount", "there is no column `code`; ")]
    {
        let file = folder.file("b.csv", format!("{header}\n64-17-5,1\n"));
        let refused = load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), None).await;
        let refused = refused.expect_err(header).to_string();
        assert!(refused.starts_with(told), "{refused}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_year_of_two_digits_or_of_another_age_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let days = ["Jan-99", "Jul-85", "Jun-98", "Dec 50"];
    let rows = days.map(|day| format!("1 L,{day}"));
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    for (day, reason) in days.iter().zip(refusals(&app, &folder, "amount,expires", &rows).await) {
        let told = "the year may be of either century: write the day as year-month-day, such as 2026-11-22";
        assert_eq!(reason, format!("expires `{day}`: {told}"));
    }
    let days = [
        "1899-12-31",
        "0027-02-28",
        "31.12.1899",
        "18991231",
        "31/12/1899",
        "31-Dec-1899",
        "1899-12",
        "12/0027",
        "Dec 1899",
    ];
    let rows = days.map(|day| format!("1 L,{day}"));
    let rows: Vec<_> = rows.iter().map(String::as_str).collect();
    for (day, reason) in days.iter().zip(refusals(&app, &folder, "amount,expires", &rows).await) {
        assert_eq!(reason, format!("expires `{day}`: the year is before 1900"));
    }
}
