//! Rows that two stray quotes have taken into one cell, whatever their shape.

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{ContainerOptions, Options, load_chemicals, load_containers},
};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    corrections, counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_shape_of_two_stray_quotes_loses_a_row_in_silence(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    for (header, rows) in [
        // In the first column, of which the rest of the row stands before the line break.
        ("chemical,code,cas,amount,note", "\"Acetone,A1,67-64-1,1 L,\nEthanol\",A2,64-17-5,1 L,\n"),
        ("id,code,chemical,amount,note", "\"1,A1,Acetone,1 L,\n2\",A2,Ethanol,1 L,\n"),
        ("note,code,cas,amount", "\"5 inch,A1,67-64-1,1 L\nx\",A2,64-17-5,1 L\n"),
        // With a space behind each separator.
        ("code,cas,note,amount,unit", "A1,64-17-5,\"5 inch, 1, L\nA2, 67-64-1, 5\", 2, L\n"),
        ("code;cas;note;amount;unit", "A1;64-17-5;\"5 inch; 1; L\nA2; 67-64-1; 5\"; 2; L\n"),
        ("code,cas,note,amount", "A1,64-17-5,\"5 inch, 1 L\nA3, 67-64-1, , 1 L\nA2, 67-64-1, 5\", 2 L\n"),
        // With empty cells behind them.
        ("code,cas,note,amount,lot,supplier", "A1,64-17-5,\"5 inch,1 L,,\nA2,67-64-1,5\",2 L,,\n"),
        ("cas,code,note,amount,lot", "64-17-5,A1,\"x, 1 L, \n, A2, y\",2 L,\n"),
        ("code\tcas\tnote\tamount\tlot", "A1\t64-17-5\t\"5 inch\t1 L\t\n\t\t5\"\t2 L\t\n"),
        // In a column that nobody knows.
        ("code,chemical,Etikett,amount", "A1,Ethanol,\"5 inch, 1 L\nA2, Acetone, 5\", 2 L\n"),
        ("code,cas,amount,note", "A1,64-17-5,1 L,\"5\"\" inch\nA2,67-64-1,2 L,5\"\n"),
    ] {
        let separator = if header.contains(';') {
            ';'
        } else if header.contains('\t') {
            '\t'
        } else {
            ','
        };
        let columns = header.split(separator).count();
        let empty = std::iter::repeat_n("", columns - 1).collect::<Vec<_>>().join(&separator.to_string());
        let list = format!("{header}\n{rows}{empty}{separator}x\n");
        let options = ContainerOptions { number_decides: true, ..ContainerOptions::default() };
        let file = folder.file("b.csv", &list);
        let report = load_containers(&app.app, &file, app.lab, &options, None).await.expect("an import");
        assert_eq!([report.read, report.failed], [2, 2], "{list}");
        let (line, reason) = &corrections(&report)[0];
        let last = rows.lines().count() + 1;
        assert!(*line == 2 && reason.contains("may be several rows"), "{list}{line}: {reason}");
        assert!(reason.contains(&format!("lines 2 to {last}")), "{list}{reason}");
    }
    assert!(containers(&app, &manager).await.is_empty());
    let rows = "name,cas,note\n\"Acetone,67-64-1,x\nToluene\",108-88-3,\n";
    let report = load_chemicals(&app.app, &folder.file("c.csv", rows), &Options::default(), Names::default()).await;
    assert_eq!(counts(&report.expect("an import")), [1, 0, 0, 0, 1]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_note_of_several_lines_stays_one_cell(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let list = "code,cas,note,amount,unit\nB1,64-17-5,\"H225, H319\nP210, P233, \
        P240\",1,L\nB2,64-17-5,\"a\r\nb\n\nc\",1,L\n\
        B3,64-17-5,\"Keep cool.\nOpen, with care, in the hood.\",1,L\n";
    assert_eq!(counts(&load(&app, &folder.file("c.csv", list)).await), [3, 3, 0, 0, 0]);
}
