//! Bottles in places that are closed or hidden.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{bottle_of, chemical, events_of, path_of, withdraw};
use crate::{
    stock::locations::{keys::shut, place},
    support::{Answer, Client, TestApp, own_id},
};

struct Scene {
    app: TestApp,
    admin: Client,
    /// A member with the key, and one without; and so two managers.
    with: [Client; 2],
    without: [Client; 2],
    chemical: Uuid,
    shut: Value,
    open: Value,
}

impl Scene {
    async fn new(db: PgPool, access: &str) -> Self {
        let app = TestApp::new(db).await;
        let admin = app.client("admin").await;
        let with = [app.client("member").await, app.client("manager").await];
        let without = [app.client("member").await, app.client("manager").await];
        let shut_place = place(&app, &admin, "room", "Vault", None).await;
        let open = place(&app, &admin, "room", "Open", None).await;
        shut(&app, &shut_place, access, json!({"users": [with[0].user_id, with[1].user_id], "roles": []})).await;
        let chemical = chemical(&app, "ethanol", None, Some("0.789")).await;
        Self { app, admin, with, without, chemical, shut: shut_place, open }
    }

    async fn bottle_in(&self, place: &Value, more: Value) -> Value {
        let mut all = json!({"location_id": place["id"]});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bottle_of(&self.app, &self.admin, self.chemical, "100", "mL", all).await
    }

    async fn post(&self, by: &Client, bottle: &Value, event: Value) -> Answer {
        by.post(&events_of(&self.app, bottle), event).await
    }

    async fn offered(&self, by: &Client, bottle: &Value) -> Vec<String> {
        let path = self.app.path(&format!("/scan/{}", bottle["code"].as_str().unwrap()));
        serde_json::from_value(by.get(&path).await.ok()["allowed_actions"].clone()).unwrap()
    }
}

fn to(place: &Value) -> Value {
    json!({"type": "move", "location_id": place["id"]})
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn who_has_no_key_sees_what_is_in_a_closed_place_and_leaves_it_as_it_is(db: PgPool) {
    let scene = Scene::new(db, "closed").await;
    let bottle = scene.bottle_in(&scene.shut, json!({})).await;
    for by in &scene.without {
        by.get(&path_of(&scene.app, &bottle)).await.ok();
        assert_eq!(scene.offered(by, &bottle).await, Vec::<String>::new());
        for event in [withdraw("1", "mL"), to(&scene.open), json!({"type": "check_out"}), json!({"type": "lose"})] {
            scene.post(by, &bottle, event).await.problem(403, "forbidden");
        }
        let ledger = by.get(&events_of(&scene.app, &bottle)).await.ok();
        assert_eq!(ledger["items"][0]["undoable"], false);
    }
    let [member, manager] = &scene.without;
    manager.patch(&path_of(&scene.app, &bottle), "*", json!({"note": "mine"})).await.problem(403, "forbidden");
    let new =
        json!({"chemical_id": scene.chemical, "amount": {"value": "1", "unit": "L"}, "location_id": scene.shut["id"]});
    manager.post(&scene.app.path("/containers"), new.clone()).await.problem(403, "forbidden");
    let outside = scene.bottle_in(&scene.open, json!({})).await;
    scene.post(member, &outside, to(&scene.shut)).await.problem(403, "forbidden");
    let [member, manager] = &scene.with;
    manager.post(&scene.app.path("/containers"), new).await.created();
    manager.patch(&path_of(&scene.app, &bottle), "*", json!({"note": "ours"})).await.ok();
    assert!(scene.offered(member, &bottle).await.contains(&"withdraw".to_owned()));
    scene.post(member, &outside, to(&scene.shut)).await.created();
    scene.post(member, &outside, to(&scene.open)).await.created();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn what_was_lent_from_a_closed_place_is_used_by_its_holder_and_comes_back_with_a_key(db: PgPool) {
    let scene = Scene::new(db, "closed").await;
    let bottle = scene.bottle_in(&scene.shut, json!({})).await;
    let holder = &scene.without[0];
    let lend = json!({"type": "check_out", "holder_id": holder.user_id});
    scene.post(&scene.with[0], &bottle, lend).await.created();
    scene.post(holder, &bottle, withdraw("1", "mL")).await.created();
    assert!(scene.offered(holder, &bottle).await.contains(&"check_in".to_owned()));
    scene.post(holder, &bottle, json!({"type": "check_in"})).await.problem(403, "forbidden");
    let elsewhere = json!({"type": "check_in", "location_id": scene.open["id"]});
    let booked = scene.post(holder, &bottle, elsewhere).await.created();
    let undo = json!({"type": "reverse", "event_id": booked["event"]["id"]});
    scene.post(holder, &bottle, undo.clone()).await.problem(403, "forbidden");
    scene.post(&scene.with[1], &bottle, undo).await.created();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_hidden_place_is_for_events_and_new_containers_a_place_that_is_not_there(db: PgPool) {
    let scene = Scene::new(db, "hidden").await;
    let outside = scene.bottle_in(&scene.open, json!({})).await;
    let unknown = json!({"id": Uuid::now_v7()});
    let manager = &scene.without[1];
    for code in [json!(null), outside["code"].clone()] {
        let new = async |place: &Value| {
            let amount = json!({"value": "1", "unit": "L"});
            let new =
                json!({"chemical_id": scene.chemical, "amount": amount, "code": code, "location_id": place["id"]});
            manager.post(&scene.app.path("/containers"), new).await
        };
        let (one, other) = (new(&scene.shut).await, new(&unknown).await);
        assert_eq!((one.status, &one.body["errors"]), (other.status, &other.body["errors"]));
        assert!(one.status.is_client_error());
    }
    let moved = async |place: &Value| scene.post(manager, &outside, to(place)).await;
    let (one, other) = (moved(&scene.shut).await, moved(&unknown).await);
    assert_eq!((one.status.as_u16(), &one.body["errors"]), (422, &other.body["errors"]));
    scene.post(&scene.with[0], &outside, to(&scene.shut)).await.created();
    moved(&scene.open).await.problem(404, "not-found");
    manager.get(&events_of(&scene.app, &outside)).await.problem(404, "not-found");
    manager.patch(&path_of(&scene.app, &outside), "*", json!({"note": "x"})).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_history_of_a_bottle_that_left_a_hidden_place_names_that_place_to_keyholders_alone(db: PgPool) {
    let scene = Scene::new(db, "hidden").await;
    let bottle = scene.bottle_in(&scene.shut, json!({})).await;
    let moved = scene.post(&scene.with[0], &bottle, to(&scene.open)).await.created();
    let ledger = async |by: &Client| by.get(&events_of(&scene.app, &bottle)).await.ok()["items"].clone();
    let (seen, concealed) = (ledger(&scene.with[1]).await, ledger(&scene.without[1]).await);
    let (open, hidden) = (&scene.open["id"], &scene.shut["id"]);
    assert_eq!((&seen[0]["location_before"], &seen[0]["changes"]["location_id"]), (hidden, &json!([hidden, open])));
    assert_eq!((&seen[1]["location_after"], &seen[1]["changes"]["location_id"]), (hidden, &json!([null, hidden])));
    assert_eq!(concealed[0]["location_before"], Value::Null);
    assert_eq!(concealed[0]["changes"]["location_id"], json!([null, open]));
    assert_eq!(concealed[1]["location_after"], Value::Null);
    assert_eq!(concealed[1]["changes"]["location_id"], Value::Null);
    assert_eq!((&seen[0]["undoable"], &concealed[0]["undoable"]), (&json!(true), &json!(false)));
    let undo = json!({"type": "reverse", "event_id": moved["event"]["id"]});
    scene.post(&scene.without[1], &bottle, undo.clone()).await.problem(409, "not-reversible");
    scene.post(&scene.with[1], &bottle, undo).await.created();
    scene.without[1].get(&path_of(&scene.app, &bottle)).await.problem(404, "not-found");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_repeat_shows_nothing_of_a_place_whose_key_is_gone(db: PgPool) {
    let scene = Scene::new(db, "hidden").await;
    let bottle = scene.bottle_in(&scene.shut, json!({})).await;
    let [_, manager] = &scene.with;
    let mut event = to(&scene.open);
    event["id"] = json!(own_id());
    let mut new = json!({"id": own_id(), "chemical_id": scene.chemical, "amount": {"value": "1", "unit": "L"}});
    new["location_id"] = scene.shut["id"].clone();
    scene.post(manager, &bottle, event.clone()).await.created();
    manager.post(&scene.app.path("/containers"), new.clone()).await.created();
    shut(&scene.app, &scene.shut, "hidden", json!({"users": [], "roles": []})).await;
    let again = scene.post(manager, &bottle, event).await.expect(200);
    assert!(!again.text.contains(scene.shut["id"].as_str().unwrap()), "{}", again.text);
    assert_eq!(again.body["event"]["changes"]["location_id"], json!([null, scene.open["id"]]));
    let again = manager.post(&scene.app.path("/containers"), new).await;
    assert!(
        again.status.is_client_error() && !again.text.contains(scene.shut["id"].as_str().unwrap()),
        "{}",
        again.text
    );
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_is_moved_into_a_hidden_place_while_somebody_pages_leaves_the_pages_whole(db: PgPool) {
    let scene = Scene::new(db, "hidden").await;
    let mut bottles = Vec::new();
    for n in 0..12 {
        bottles.push(scene.bottle_in(&scene.open, json!({"code": format!("C{n:02}"), "lot": "LOT"})).await);
    }
    let reader = &scene.without[0];
    let moves = async {
        for moved in bottles.iter().step_by(2) {
            scene.post(&scene.with[0], moved, to(&scene.shut)).await.created();
        }
    };
    let paging = async {
        let mut seen = Vec::new();
        for query in ["", "q=LOT&", "q=ethanol&"] {
            let mut cursor = String::new();
            loop {
                let page = reader.get(&scene.app.path(&format!("/containers?{query}limit=1{cursor}"))).await.ok();
                seen.extend(page["items"].as_array().unwrap().iter().map(|it| (query, it["code"].clone())));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
        }
        seen
    };
    let ((), seen) = tokio::join!(moves, paging);
    for (at, bottle) in bottles.iter().enumerate() {
        for query in ["", "q=LOT&", "q=ethanol&"] {
            let times = seen.iter().filter(|it| it.0 == query && it.1 == bottle["code"]).count();
            assert!(times == 1 || times == 0 && at % 2 == 0, "{query} shows {} {times} times", bottle["code"]);
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_from_a_hidden_place_is_lent_only_to_somebody_who_sees_it(db: PgPool) {
    let scene = Scene::new(db, "hidden").await;
    let shelf = place(&scene.app, &scene.admin, "shelf", "Shelf", Some(&scene.shut)).await;
    let hidden = scene.bottle_in(&shelf, json!({})).await;
    let lend = |to: Uuid| json!({"type": "check_out", "holder_id": to});
    for by in [&scene.with[1], &scene.admin] {
        for to in &scene.without {
            let refused = scene.post(by, &hidden, lend(to.user_id)).await.problem(422, "holder-refused");
            assert_eq!(refused["errors"][0]["pointer"], "/holder_id", "{refused}");
        }
    }
    for to in [&scene.with[0], &scene.admin] {
        scene.post(&scene.with[1], &hidden, lend(to.user_id)).await.created();
        to.get(&path_of(&scene.app, &hidden)).await.ok();
        scene.post(to, &hidden, json!({"type": "check_in", "location_id": shelf["id"]})).await.created();
    }
    // What is closed is seen by all, and so is what is on loan from there.
    let visible = scene.bottle_in(&scene.open, json!({})).await;
    scene.post(&scene.admin, &visible, lend(scene.without[0].user_id)).await.created();
}
