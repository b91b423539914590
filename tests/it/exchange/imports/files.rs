//! Files whose form is damaged: a quote that stays open, two columns of one meaning.

use chemstock::exchange::imports::{ContainerOptions, Options, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts, load_chemicals,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_quote_that_swallows_lines_is_refused_with_the_line_in_which_it_opens(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let never = "the quote that opens in line 3 is never closed";
    let mixed = "the quote that opens in line 3 is closed in line 4, and its cell goes on";
    for (rows, told) in [
        ("A,ethanol,500 mL,\"oops\nB,ethanol,1 L,\nC,ethanol,1 L,\n", never),
        ("A,ethanol,500 mL,\"oops", never),
        ("\"A,ethanol,500 mL,oops\r\nB,ethanol,1 L,\r\n", never),
        ("A,ethanol,500 mL,\"oops \"\"\nB,ethanol,1 L,\n", never),
        ("A,ethanol,500 mL,\"oops\nB,ethanol,1 L,\"fine\"\n", mixed),
    ] {
        let file = folder.file("b.csv", format!("code,chemical,amount,note\nX,ethanol,1 L,\"a\"\n{rows}"));
        let refused = load_containers(&app.app, &file, app.lab, &ContainerOptions::default(), None).await;
        let refused = format!("{:#}", refused.expect_err(rows));
        assert!(refused.contains(told), "{rows}: {refused}");
    }
    assert!(containers(&app, &manager).await.is_empty());
    let fine = "A,ethanol,1 L,\"two\nlines, \"\"quoted\"\"\"\nB,ethanol,1 L,5\" wide\nC,ethanol,1 L,\"\"\nD,ethanol,1 L,\"end\"";
    let report = load(&app, &folder.file("b.csv", format!("code,chemical,amount,note\n{fine}"))).await;
    assert_eq!(counts(&report), [4, 4, 0, 0, 0], "{:?}", report.corrections);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_columns_of_one_meaning_fill_each_other_and_a_row_in_which_they_differ_is_refused(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (table, (headers, one, other)) in [
        (
            "cas,amount,CAS No",
            ["64-17-5,1 L,", ",1 L,64-17-5", "64-17-5,1 L,64-17-5"],
            ("64-17-5,1 L,67-64-1", "`64-17-5` in `cas`, `67-64-1` in `CAS No`"),
        ),
        (
            "chemical,amount,substance",
            ["ethanol,1 L,", ",1 L,ethanol", "ethanol,1 L,ethanol"],
            ("ethanol,1 L,acetone", "`ethanol` in `chemical`, `acetone` in `substance`"),
        ),
        (
            "cas,unit,amount,units",
            ["64-17-5,L,1,", "64-17-5,,1,L", "64-17-5,L,1,L"],
            ("64-17-5,L,1,mL", "`L` in `unit`, `mL` in `units`"),
        ),
        (
            "cas,amount,expiry,expires",
            ["64-17-5,1 L,2027-01-01,", "64-17-5,1 L,,2027-01-01", "64-17-5,1 L,2027-01-01,2027-01-01"],
            ("64-17-5,1 L,2027-01-01,2028-01-01", "`2028-01-01` in `expires`, `2027-01-01` in `expiry`"),
        ),
        (
            "cas,amount,quantity",
            ["64-17-5,1 L,", "64-17-5,,1 L", "64-17-5,1 L,1 L"],
            ("64-17-5,500 mL,1 L", "`500 mL` in `amount`, `1 L` in `quantity`"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let rows: Vec<_> = one.iter().enumerate().map(|(n, row)| format!("B-{table}-{n},{row}")).collect();
        let rows = rows.join("\n");
        let file = folder.file("b.csv", format!("code,{headers}\n{rows}\nlast,{}\n", other.0));
        let report = load(&app, &file).await;
        assert_eq!((counts(&report), report.warnings.as_slice()), ([4, 3, 0, 0, 1], &[][..]), "{headers}");
        let refused = corrections(&report);
        assert!(refused[0].0 == 5 && refused[0].1.contains(other.1) && refused[0].1.contains("--map"), "{refused:?}");
    }
    let all = containers(&app, &manager).await;
    assert!(
        all.iter().all(|it| it["chemical"]["name"] == "Ethanol"
            && it["amount"]["value"] == "1"
            && it["amount"]["unit"] == "L")
    );
    // Whoever says which is meant has decided.
    let mapping = vec!["amount=quantity".parse().expect("a mapping")];
    let options = ContainerOptions { common: Options { mapping, ..Options::default() }, ..ContainerOptions::default() };
    let file = folder.file("mapped.csv", "code,cas,amount,quantity\nlast,64-17-5,500 mL,1 L\n");
    let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
    assert_eq!((counts(&report), report.warnings.len()), ([1, 1, 0, 0, 0], 1));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_sign_of_unicode_that_looks_like_the_end_of_a_line_loses_no_row(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    for sign in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let all = "name,cas,note\nEthanol,64-17-5,\nAcetone,67-64-1,x\n".replace('\n', &sign.to_string());
        for text in [all.clone(), format!("{all}\n"), all.replace(',', "\t")] {
            let error = load_chemicals(&app, &folder.file("a.csv", text)).await.expect_err("no lines").to_string();
            assert!(error.contains(&format!("U+{:04X}", u32::from(sign))), "{error}");
        }
        // Also where the first line ends as lines do.
        let rows = format!("name,colour,note\nEthanol,,{sign}Acetone,x{sign}Toluene,y\nMethanol {sign},,\n");
        let report = load_chemicals(&app, &folder.file("b.csv", rows)).await.expect("an import");
        assert_eq!((report.read, report.failed), (2, 2), "{:?}", report.corrections);
        let refused = corrections(&report);
        assert!(refused[1].1.contains(&format!("U+{:04X}", u32::from(sign))), "{refused:?}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lines_that_end_with_a_carriage_return_alone_are_counted(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let list = "name,cas\rEthanol,64-17-5\r\rAcetone,67-64-2\r\"Tolu\rene\",\rMethanol,67561\r";
    let report = load_chemicals(&app, &folder.file("a.csv", list)).await.expect("an import");
    let lines: Vec<_> = corrections(&report).into_iter().map(|(line, _)| line).collect();
    assert_eq!((counts(&report), lines), ([4, 1, 0, 0, 3], vec![4, 5, 7]));
    let open = folder.file("b.csv", "name,cas\rEthanol,64-17-5\r\"Acetone,67-64-1\rToluene,\r");
    let error = load_chemicals(&app, &open).await.expect_err("an open quote").to_string();
    assert!(error.contains("opens in line 3"), "{error}");
    let odd = folder.file("c.csv", b"name,cas\rEthanol,64-17-5\r\xc4ther,\r");
    let error = load_chemicals(&app, &odd).await.expect_err("another encoding").to_string();
    assert!(error.contains("line 3 is not UTF-8"), "{error}");
}
