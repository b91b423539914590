//! What the command ends with: 0 when every row went in, 1 when something of the data did not, 2 when the call is
//! wrong.

use sqlx::PgPool;

use super::bottles;
use crate::support::{
    TestApp,
    folder::Folder,
    instance::{command, database_url},
};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_wrong_call_ends_with_2_and_data_that_did_not_go_in_with_1(db: PgPool) {
    let url = database_url(&db);
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    bottles::lab(&app, &super::Folder::new()).await;
    for (name, text) in [
        ("good.csv", "code,cas,amount\nB-1,64-17-5,1 L\n"),
        ("bad.csv", "code,cas,amount\nB-2,64-17-6,1 L\n"),
        ("broken.csv", "cas\n64-17-5\n"),
        ("secret.csv", "code,name,amount,Register\nB-3,ethanol,1 L,67-64-1\n"),
    ] {
        std::fs::write(folder.0.join(name), text).expect("a file");
    }
    let lab = app.lab.to_string();
    for (arguments, expected) in [
        (&["good.csv", "--lab", &lab][..], 0),
        (&["bad.csv", "--lab", &lab], 1),
        (&["broken.csv", "--lab", &lab], 1),
        (&["secret.csv", "--lab", &lab], 1),
        (&["nothing.csv", "--lab", &lab], 1),
        (&["good.csv", "--lab", "here"], 2),
        (&["good.csv"], 2),
        (&["good.csv", "--lab", "019ab000-0000-7000-8000-000000000009"], 2),
        (&["good.csv", "--lab", &lab, "--for", "12"], 2),
        (&["good.csv", "--lab", &lab, "--for", "+15005550006"], 2),
        (&["good.csv", "--lab", &lab, "--map", "code"], 2),
        (&["good.csv", "--lab", &lab, "--map", "colour=code"], 2),
        (&["good.csv", "--lab", &lab, "--map", "lot=Los"], 2),
        (&["good.csv", "--lab", &lab, "--ignore", "Los"], 2),
    ] {
        let mut command = command(&folder, &[("DATABASE_URL", &url)]);
        let output = command.args(["import", "containers"]).args(arguments).output().expect("the binary");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {said}");
    }
}
