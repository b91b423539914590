//! Files whose form is damaged.

use chemstock::imports::{ContainerOptions, load_containers};
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{containers, lab, load},
    counts,
};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::app::MIGRATIONS")]
async fn a_quote_that_swallows_lines_is_refused_with_the_line_in_which_it_opens(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let never = "the quote that opens in line 3 is never closed";
    let mixed = "the quote that opens in line 3 is closed in line 4, inside another cell";
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
