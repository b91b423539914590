//! Forms of files and calls that have one meaning, and damage that is told where it is.

use chemstock::exchange::imports::{ContainerOptions, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
    quantities::{amounts, mapped},
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_line_in_which_excel_names_the_separator_is_no_header(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (n, (first, separator)) in
        [("sep=;", ';'), ("SEP=,", ','), ("\"sep=\t\"", '\t'), ("\u{feff}sep=;\r", ';')].into_iter().enumerate()
    {
        let list = "code,cas,amount,note\nX1,64-17-5,1 L,a\n\nX2,64-17-6,1 L,b\n".replace(',', &separator.to_string());
        let list = format!("{first}\n{}", list.replace('X', &format!("B{n}-")));
        let report = load(&app, &folder.file("b.csv", &list)).await;
        assert_eq!((counts(&report), report.warnings.as_slice()), ([2, 1, 0, 0, 1], &[][..]), "{list}");
        assert_eq!(corrections(&report)[0].0, 5, "the line that an editor counts");
    }
    assert_eq!(containers(&app, &manager).await.len(), 4);
    let open = folder.file("c.csv", "sep=;\ncode;cas;amount\nB1;64-17-5;\"1 L\n");
    let told = load_containers(&app.app, &open, app.lab, &ContainerOptions::default(), None).await;
    let told = told.expect_err("an open quote").to_string();
    assert!(told.contains("line 3"), "{told}");
    let odd = folder.file("d.csv", "sep=|\ncode|cas|amount\nB1|64-17-5|1 L\n");
    let told = load_containers(&app.app, &odd, app.lab, &ContainerOptions::default(), None).await;
    let told = told.expect_err("another separator").to_string();
    assert!(told.contains("`|`") && told.contains("commas, semicolons or tabs"), "{told}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_cell_that_lost_its_letters_refuses_its_row_and_is_named(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let list = "code,cas,amount,note,supplier,colour\nB\u{fffd}1,64-17-5,1 L,,,\nB2,64-17-5,1 L,gr\u{fffd}n,,\n\
        B3,64-17-5,1 L,,M\u{fffd}ller,\nB4,64-17-5,1 L,,,gr\u{fffd}n\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [4, 1, 0, 0, 3]);
    for ((_, why), part) in corrections(&report).iter().zip([
        "`B\u{fffd}1` in `code`",
        "`gr\u{fffd}n` in `note`",
        "`M\u{fffd}ller` in `supplier`",
    ]) {
        assert!(why.contains(part) && why.contains("encoding"), "{why}");
    }
    let report = super::load(&app, &folder.file("c.csv", "name,cas\nb\u{fffd}ta-Pinene,127-91-3\n")).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_column_is_mapped_once_and_a_header_that_is_there_twice_is_told(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,A,B\nB-1,64-17-5,1 L,2 L\n";
    let told = mapped(&app, &folder, list, &["amount=A", "amount=B"]).await.expect_err("two").to_string();
    assert!(told.contains("--map amount") && told.contains("`A`") && told.contains("`B`"), "{told}");
    let told = mapped(&app, &folder, list, &["amount=A", "lot=A"]).await.expect_err("two").to_string();
    assert!(told.contains("`A`") && told.contains("lot"), "{told}");
    let list = "code,cas,A,a\nB-1,64-17-5,1 L,2 L\n";
    let told = mapped(&app, &folder, list, &["amount=A"]).await.expect_err("two").to_string();
    assert!(told.contains("columns 3 and 4"), "{told}");
    assert!(containers(&app, &manager).await.is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn days_of_two_orders_in_one_list_decide_nothing(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let list = "code,cas,amount,received,expires\nB-1,64-17-5,1 L,25/04/2025,2028-01-01\nB-2,64-17-5,1 L,03/04/2025,\n\
        B-3,64-17-5,1 L,,03/04/2028\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [3, 2, 0, 0, 1], "a column that says nothing is not told by another");
    assert_eq!(corrections(&report)[0].0, 4);
    let both = format!("{}B-4,64-17-5,1 L,,04/25/2028\n", list.replace("B-", "C-"));
    let report = load(&app, &folder.file("c.csv", both)).await;
    let refused = corrections(&report);
    assert_eq!(refused.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4, 5], "{refused:?}");
    assert!(refused[0].1.contains("line 2 (`25/04/2025`) and the month in line 5 (`04/25/2028`)"), "{refused:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_huge_cell_is_refused_in_a_few_words(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let columns =
        ["code", "cas", "chemical", "amount", "unit", "location", "lot", "expires", "state", "note", "tare", "count"];
    for huge in ["7".repeat(1 << 20), "x".repeat(1 << 20), format!("0{}", ".0".repeat(1 << 19))] {
        for column in columns {
            let cell = |of: &str, usual: &str| if of == column { huge.clone() } else { usual.to_owned() };
            let usual = ["B-1", "64-17-5", "", "1", "L", "", "", "", "", "", "", ""];
            let cells: Vec<_> = columns.iter().zip(usual).map(|(of, usual)| cell(of, usual)).collect();
            let list = format!("{}\n{}\n", columns.join(","), cells.join(","));
            let report = load(&app, &folder.file("b.csv", &list)).await;
            assert_eq!(counts(&report), [1, 0, 0, 0, 1], "{column}");
            let why = corrections(&report).remove(0).1;
            assert!(why.len() < 1_000 && why.contains(column), "{column}: {}", &why[..why.len().min(1_000)]);
        }
    }
    assert!(containers(&app, &manager).await.is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_unit_that_two_countries_have_in_two_sizes_is_told_with_the_size_that_it_was_read_in(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount\nB-1,64-17-5,1 gal\nB-2,64-17-5,1 pt\nB-3,64-17-5,4 oz\nB-4,64-17-5,1 \
        [gal_us]\nB-5,64-17-5,1 imp gal\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [5, 4, 0, 0, 1]);
    for (warning, parts) in report.warnings.iter().zip([
        ["line 2: ", "`gal` was read as [gal_us], 3785.411784 mL"],
        ["line 3: ", "`pt` was read as [pt_us], 473.176473 mL"],
        ["line 4: ", "`oz` was read as [oz_av], 28.349523125 g"],
    ]) {
        assert!(parts.iter().all(|part| warning.contains(part)), "{warning}");
    }
    assert_eq!(report.warnings.len(), 3);
    assert_eq!(amounts(&app, &manager).await.len(), 4);
}
