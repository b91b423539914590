//! Places that a list tells in several columns, one for each kind of place.

use chemstock::exchange::imports::{ContainerOptions, Options, Report, load_containers};
use serde_json::Value;
use sqlx::PgPool;

use super::{
    Folder,
    bottles::{CREATE, containers, lab, load},
    corrections, counts,
};
use crate::support::TestApp;

async fn create(app: &TestApp, folder: &Folder, list: &str) -> Report {
    load_containers(&app.app, &folder.file("b.csv", list), app.lab, &CREATE, None).await.expect("an import")
}

/// Kind and path of each place but those of [`lab`].
async fn places(app: &TestApp) -> Vec<(String, String)> {
    let all = app.client("manager").await.get(&app.path("/locations?limit=200")).await.ok();
    let text = |it: &Value| it.as_str().expect("text").to_owned();
    let path = |it: &Value| it["path"].as_array().expect("a path").iter().map(text).collect::<Vec<_>>().join(" > ");
    let all = all["items"].as_array().expect("items").iter().map(|it| (text(&it["kind"]), path(it)));
    let mut new: Vec<_> = all.filter(|(_, path)| !path.starts_with("Room 214")).collect();
    new.sort();
    new
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, path)| ((*kind).to_owned(), (*path).to_owned())).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn columns_of_room_cabinet_and_shelf_make_one_path_whatever_their_order(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,Shelf,Room,Cabinet,Building,Box\n\
        B-1,64-17-5,1 L,2,300,A,,\n\
        B-2,64-17-5,1 L,2,301,A,,\n\
        B-3,64-17-5,1 L,,300,Acids/Bases,,\n\
        B-4,64-17-5,1 L,,,,Annex,\n\
        B-5,64-17-5,1 L,,300,,,7\n\
        B-6,64-17-5,1 L,,,,,\n";
    let report = create(&app, &folder, list).await;
    assert_eq!((counts(&report), &report.warnings), ([6, 6, 0, 0, 0], &vec![]), "{:?}", report.corrections);
    assert_eq!(
        places(&app).await,
        pairs(&[
            ("box", "300 > 7"),
            ("building", "Annex"),
            ("cabinet", "300 > A"),
            ("cabinet", "300 > Acids/Bases"),
            ("cabinet", "301 > A"),
            ("room", "300"),
            ("room", "301"),
            ("shelf", "300 > A > 2"),
            ("shelf", "301 > A > 2"),
        ])
    );
    assert_eq!(counts(&create(&app, &folder, list).await), [6, 0, 0, 6, 0]);
    let german = "Code;CAS;Menge;Fach;Raumnummer;Schrank\nC-1;64-17-5;1 L;2;300;A\n";
    assert_eq!(counts(&load(&app, &folder.file("c.csv", german)).await), [1, 1, 0, 0, 0]);
    let all = containers(&app, &manager).await;
    assert_eq!(all[0]["location_id"], all[6]["location_id"]);
    // One column may hold the whole path, or a code.
    let one = "code,cas,amount,Room\nD-1,64-17-5,1 L,Room 214 > Cabinet A\nD-2,64-17-5,1 L,CABA\n";
    assert_eq!(counts(&load(&app, &folder.file("d.csv", one)).await), [2, 2, 0, 0, 0]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_place_in_a_column_of_its_own_is_not_dropped_beside_a_location(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,Location,Room,Shelf\nB-1,64-17-5,1 L,Cabinet A,Room 214,\n\
        B-2,64-17-5,1 L,Room 214 > Cabinet A,Room 214,\nB-3,64-17-5,1 L,Room 214,,\nB-4,64-17-5,1 L,,Room 214,\n\
        B-5,64-17-5,1 L,Acids,Room 214,\nB-6,64-17-5,1 L,Cabinet A,Room 214 > Cabinet A,\n\
        B-7,64-17-5,1 L,Shelf 3,,Shelf 4\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [7, 4, 0, 0, 3], "{:?}", corrections(&report));
    let refused = corrections(&report);
    assert!(refused[0].1.contains("`Acids` in `Location`, `Room 214` in `Room`"), "{refused:?}");
    assert!(refused[0].1.contains("--map"), "{refused:?}");
    assert_eq!(refused.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [6, 7, 8]);
    let list = "code,cas,amount,Location,Room\nC-1,64-17-5,1 L,Cabinet A,Room 214\n";
    let report = super::quantities::mapped(&app, &folder, list, &["cabinet=Location"]).await.expect("an import");
    assert_eq!(report.added, 1, "{:?}", corrections(&report));
    let all = containers(&app, &manager).await;
    assert_eq!(all[0]["location_id"], all[1]["location_id"]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_impossible_path_refuses_its_own_row_and_no_other(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let niche = serde_json::json!({"kind": "shelf", "name": "Niche", "code": "N1"});
    manager.post(&app.path("/locations"), niche).await.created();
    let old = serde_json::json!({"kind": "room", "name": "Old room", "code": "OLD"});
    let old = manager.post(&app.path("/locations"), old).await.created();
    manager.delete(&app.path(&format!("/locations/{}", old["id"].as_str().unwrap())), "*").await.expect(204);
    let long = "x".repeat(201);
    let impossible = [
        ("Shelf 1 > Lab 9", "Lab 9"),
        ("Niche > Fridge 7", "Fridge 7"),
        ("a > b > c > d > e > Bay 6", "Bay 6"),
        ("a > b > c > d > e > Bay 6", "Bay 6 > Box 2"),
        ("Cabinet A > Room 5", "Room 5"),
        (&format!("{long} > Bay 8"), "Bay 8"),
        ("Lab 3 > Lab 4 > Bay 9", "Bay 9"),
    ];
    for (n, (path, other)) in impossible.into_iter().enumerate() {
        for order in [[path, other], [other, path]] {
            let list =
                format!("code,cas,amount,location\nX-{n},64-17-5,1 L,{}\nY-{n},64-17-5,1 L,{}\n", order[0], order[1]);
            let dry = ContainerOptions { common: Options { dry_run: true, ..Options::default() }, ..CREATE };
            let file = folder.file("b.csv", &list);
            let report = load_containers(&app.app, &file, app.lab, &dry, None).await.expect("an import");
            assert_eq!(counts(&report), [2, 1, 0, 0, 1], "{list}{:?}", corrections(&report));
            assert!(corrections(&report)[0].1.contains("location"), "{:?}", corrections(&report));
        }
    }
    let closed = "code,cas,amount,location\nZ-1,64-17-5,1 L,OLD\nZ-2,64-17-5,1 L,Old room\nZ-3,64-17-5,1 L,Room 214\n";
    assert_eq!(counts(&load(&app, &folder.file("c.csv", closed)).await), [3, 1, 0, 0, 2]);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_location_that_says_its_kind_stands_in_or_around_what_the_other_columns_say(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    lab(&app, &folder).await;
    let list = "code,cas,amount,Location,Building,Room,Shelf\n\
        B-1,64-17-5,1 L,Cabinet 3,,299,\n\
        B-2,64-17-5,1 L,Cabinet 3 > Shelf 1,Annex,300,\n\
        B-3,64-17-5,1 L,Building 7,,301,\n\
        B-4,64-17-5,1 L,Lab 9 > Cabinet 4,,Lab 9,Shelf 2\n";
    let report = create(&app, &folder, list).await;
    assert_eq!(counts(&report), [4, 4, 0, 0, 0], "{:?}", report.corrections);
    let made = places(&app).await;
    for path in
        ["299 > Cabinet 3", "Annex > 300 > Cabinet 3 > Shelf 1", "Building 7 > 301", "Lab 9 > Cabinet 4 > Shelf 2"]
    {
        assert!(made.iter().any(|(_, it)| it == path), "{path}: {made:?}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lab_beside_a_room_is_no_second_room_and_is_told(db: PgPool) {
    let (app, folder) = (TestApp::new(db).await, Folder::new());
    let manager = lab(&app, &folder).await;
    let list = "code,cas,amount,Room,Lab,Cabinet\nB-1,64-17-5,1 L,Room 214,Smith,Cabinet A\n";
    let report = load(&app, &folder.file("b.csv", list)).await;
    assert_eq!(counts(&report), [1, 1, 0, 0, 0], "{:?}", report.corrections);
    let [told] = &report.warnings[..] else { panic!("{:?}", report.warnings) };
    assert!(told.contains("`Lab` was ignored, as another is the room") && told.contains("--map room="), "{told}");
    // Alone it is the room.
    let alone = "code,cas,amount,Lab,Cabinet\nB-2,64-17-5,1 L,Room 214,Cabinet A\n";
    assert_eq!(counts(&load(&app, &folder.file("c.csv", alone)).await), [1, 1, 0, 0, 0]);
    let all = containers(&app, &manager).await;
    assert_eq!(all[0]["location_id"], all[1]["location_id"]);
    // The advice keeps the cabinet.
    let two = "code,cas,amount,Room,Raum,Cabinet\nB-3,64-17-5,1 L,Room 214,Room 215,Cabinet A\n";
    let told = corrections(&load(&app, &folder.file("d.csv", two)).await).remove(0).1;
    assert!(told.contains("two columns contradict each other") && told.contains("--map room=HEADER"), "{told}");
    let report = super::quantities::mapped(&app, &folder, two, &["room=Room"]).await.expect("an import");
    assert_eq!(report.added, 1, "{:?}", report.corrections);
}
