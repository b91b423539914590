//! Lists of chemicals again, after a person has changed what they brought, and several at once.

use std::path::Path;

use chemstock::{
    catalogue::chemicals::Names,
    exchange::imports::{Options, Report, load_chemicals as import},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Folder, corrections, counts, dump, load};
use crate::support::{
    Client, TestApp,
    folder::Folder as Home,
    instance::{command, database_url},
};

async fn doubled(db: &PgPool) -> Vec<String> {
    let doubled = "select name from chemicals group by name having count(*) > 1 order by name";
    sqlx::query_scalar(doubled).fetch_all(db).await.expect("names")
}

async fn found(by: &Client, name: &str) -> Value {
    by.get(&format!("/v1/chemicals?q={name}")).await.ok()["items"][0].clone()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn lists_that_are_imported_at_once_bring_each_new_name_once(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    for round in 0..8 {
        let list = |n: usize| {
            let rows: Vec<_> =
                (0..60).map(|row| format!("Stuff {round} no {}", ((row + 1) * (2 * n + 1)) % 61)).collect();
            folder.file(&format!("{round}-{n}.csv"), format!("name\n{}\n", rows.join("\n")))
        };
        let files = [list(0), list(1), list(2), list(3)];
        let [a, b, c, d] = files.each_ref().map(|file| load(&app, file));
        let reports = tokio::join!(a, b, c, d);
        let added = reports.0.added + reports.1.added + reports.2.added + reports.3.added;
        assert_eq!((doubled(&app.db).await, added), (vec![], 60), "round {round}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_processes_bring_each_new_name_once(db: PgPool) {
    let (home, url) = (Home::new(), database_url(&db));
    let rows: Vec<_> = (0..1500).map(|n| format!("Stuff no {n}")).collect();
    std::fs::write(home.0.join("a.csv"), format!("name\n{}\n", rows.join("\n"))).expect("a file");
    std::fs::copy(home.0.join("a.csv"), home.0.join("b.csv")).expect("a file");
    let runs = ["a.csv", "b.csv", "a.csv"].map(|file| {
        let mut run = command(&home, &[("DATABASE_URL", &url)]);
        run.args(["import", "chemicals", file]).spawn().expect("the binary")
    });
    for run in runs {
        let output = run.wait_with_output().expect("its end");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(doubled(&db).await, Vec::<String>::new());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_a_person_took_away_or_corrected_stays_so_when_the_list_comes_again(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    let list = "name,cas,density,synonyms\nEthanol,64-17-5,0.7893,EtOH;spirit\nAcetone,67-64-1,0.79,propanone\nBrine,,,\n\
        Sludge,,,\n";
    let file = folder.file("a.csv", list);
    assert_eq!(counts(&load(&app, &file).await), [4, 4, 0, 0, 0]);
    let path =
        async |name: &str| format!("/v1/chemicals/{}", found(&manager, name).await["id"].as_str().expect("an id"));
    let (ethanol, acetone) = (path("Ethanol").await, path("Acetone").await);
    manager.patch(&ethanol, "*", json!({"synonyms": ["EtOH"], "density": null})).await.ok();
    manager.patch(&acetone, "*", json!({"density": "0.7845"})).await.ok();
    manager.patch(&path("Brine").await, "*", json!({"name": "Salt water"})).await.ok();
    manager.delete(&path("Sludge").await, "*").await.expect(204);
    let before = dump(&app).await;
    let report = load(&app, &file).await;
    assert_eq!(counts(&report), [4, 0, 0, 4, 0], "{:?}", report.corrections);
    assert_eq!(
        report.warnings,
        ["line 5: a list brought the entry of this row, and a person deleted it: it stays so; --revive brings it back"]
    );
    assert_eq!(dump(&app).await, before);

    // Rows that were changed in the list.
    let edited = list.replace("EtOH;spirit", "EtOH;spirit;ethyl alcohol").replace("Brine,,,", "Brine,,,brackish water");
    let report = load(&app, &folder.file("a.csv", edited)).await;
    assert_eq!(counts(&report), [4, 0, 1, 2, 1]);
    let (line, why) = &corrections(&report)[0];
    assert!(*line == 4 && why.contains("`Brine` came in before as what is called `Salt water` now"), "{why}");
    let now = manager.get(&ethanol).await.ok();
    assert_eq!((&now["synonyms"], &now["density"]), (&json!(["EtOH", "ethyl alcohol"]), &Value::Null));
    // A person may take back what was taken away, and then it is as any other.
    manager.patch(&ethanol, "*", json!({"synonyms": ["EtOH", "spirit"], "density": "0.79"})).await.ok();
    manager.patch(&ethanol, "*", json!({"synonyms": ["EtOH", "spirit"]})).await.ok();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_entry_that_was_deleted_comes_back_when_that_is_asked_for(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    let file = folder.file("a.csv", "name\nSludge\n");
    load(&app, &file).await;
    let id = found(&manager, "Sludge").await["id"].as_str().expect("an id").to_owned();
    manager.delete(&format!("/v1/chemicals/{id}"), "*").await.expect(204);
    assert_eq!(counts(&load(&app, &file).await), [1, 0, 0, 1, 0]);
    let report = revive(&app, &file).await;
    assert_eq!((counts(&report), report.warnings), ([1, 1, 0, 0, 0], vec![]));
    assert_eq!(counts(&load(&app, &file).await), [1, 0, 0, 1, 0]);
    assert_eq!(counts(&revive(&app, &file).await), [1, 0, 0, 1, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_came_in_with_a_number_is_known_by_its_name_alone_when_it_was_deleted_or_renamed(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    let rows = "name,cas,inchikey,synonyms\nEthanol,64-17-5,,\nAcetone,67-64-1,,\nSilica,,VYPSYNLAJGMNEJ-UHFFFAOYSA-N,\n\
        Toluene,108-88-3,,\n";
    load(&app, &folder.file("a.csv", rows)).await;
    let path =
        async |name: &str| format!("/v1/chemicals/{}", found(&manager, name).await["id"].as_str().expect("an id"));
    manager.delete(&path("Ethanol").await, "*").await.expect(204);
    manager.delete(&path("Silica").await, "*").await.expect(204);
    manager.patch(&path("Acetone").await, "*", json!({"name": "Propanone"})).await.ok();
    manager.patch(&path("Toluene").await, "*", json!({"name": "Methylbenzene"})).await.ok();
    let other = folder.file("b.csv", "name,formula\nethanol,C2H6O\nSilica,\nAcetone,\n");
    let report = load(&app, &other).await;
    assert_eq!(counts(&report), [3, 0, 0, 2, 1]);
    assert!(report.warnings[0].starts_with("lines 2, 3: a list brought the entry"), "{:?}", report.warnings);
    let (line, why) = &corrections(&report)[0];
    assert!(*line == 4 && why.contains("`Acetone` came in before as what is called `Propanone` now"), "{why}");
    let back = folder.file("c.csv", "name\nEthanol\n");
    assert_eq!(counts(&revive(&app, &back).await), [1, 1, 0, 0, 0]);

    // The name of another substance is not what was deleted, and a name that was left out is no trace of its entry.
    let options = Options::default();
    let decided = folder.file("d.csv", "name,cas,decides\nWood spirit,67-64-1,number\n");
    let report = import(&app.app, &decided, &options, Names::default()).await.expect("an import");
    assert_eq!(report.failed, 0, "{:?}", report.corrections);
    let rows = "name,cas\nSilica,14808-60-7\nWood spirit,\n";
    assert_eq!(counts(&load(&app, &folder.file("e.csv", rows)).await), [2, 2, 0, 0, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_number_of_an_entry_that_was_deleted_goes_to_no_other(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = app.client("manager").await;
    load(&app, &folder.file("a.csv", "name,cas\nAnisole,100-66-3\n")).await;
    let id = found(&manager, "Anisole").await["id"].as_str().expect("an id").to_owned();
    manager.delete(&format!("/v1/chemicals/{id}"), "*").await.expect(204);
    let list = folder.file("b.csv", "name,cas,synonyms\nMethyl phenyl ether,100-66-3,\nMethyl phenyl ether,,Anisole\n");
    assert_eq!(counts(&load(&app, &list).await), [2, 1, 0, 1, 0]);
    assert_eq!(counts(&load(&app, &list).await), [2, 0, 0, 2, 0]);
    assert_eq!(found(&manager, "Methyl%20phenyl%20ether").await["cas"], json!(null));
}

async fn revive(app: &TestApp, file: &Path) -> Report {
    let options = Options { revive: true, ..Options::default() };
    import(&app.app, file, &options, Names::default()).await.expect("an import")
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_import_that_waits_for_another_in_a_ring_tries_again(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    for write in [
        "create sequence tries",
        "create function wait_in_a_ring() returns trigger language plpgsql as $$
        begin
            if nextval('tries') < 3 then
                raise exception 'deadlock detected' using errcode = 'deadlock_detected';
            end if;
            return new;
        end $$",
        "create trigger ring before insert on chemicals for each statement execute function wait_in_a_ring()",
    ] {
        sqlx::query(write).execute(&app.db).await.unwrap();
    }
    let report = load(&app, &folder.file("a.csv", "name\nEthanol\nAcetone\n")).await;
    assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
}
