//! Lists of locations: their filters and pages.

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{names, place};
use crate::support::TestApp;

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_list_is_of_children_of_roots_or_of_names_that_begin_so(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let a = place(&app, &manager, "room", "Äther", None).await;
    let b = place(&app, &manager, "room", "100%_pure", None).await;
    place(&app, &manager, "cabinet", "Acids", Some(&a)).await;
    place(&app, &manager, "cabinet", "Bases", Some(&a)).await;
    place(&app, &manager, "cabinet", "acids", Some(&b)).await;
    let list = async |query: &str| manager.get(&app.path(&format!("/locations?{query}"))).await.ok();

    assert_eq!(names(&list("root=true").await), ["100%_pure", "Äther"]);
    let children = list(&format!("parent_id={}", a["id"].as_str().unwrap())).await;
    assert_eq!(names(&children), ["Acids", "Bases"]);
    for child in children["items"].as_array().unwrap() {
        assert_eq!(child["path"], json!(["Äther", child["name"]]));
    }
    assert_eq!(names(&list("q=aCi").await), ["Acids", "acids"]);
    assert_eq!(names(&list("q=%C3%A4").await), ["Äther"]);
    assert_eq!(names(&list("q=100%25_").await), ["100%_pure"]);
    assert!(names(&list("q=_").await).is_empty());
    assert!(names(&list("q=%5C").await).is_empty());
    assert!(names(&list(&format!("parent_id={}", Uuid::now_v7())).await).is_empty());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn pages_of_locations_hold_each_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    for n in 0..5 {
        place(&app, &manager, "room", &format!("Room {n}"), None).await;
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = manager.get(&app.path(&format!("/locations?{query}"))).await.ok();
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        query = format!("limit=2&cursor={cursor}");
    }
    seen.sort_unstable();
    assert_eq!(seen, ["Room 0", "Room 1", "Room 2", "Room 3", "Room 4"]);
}
