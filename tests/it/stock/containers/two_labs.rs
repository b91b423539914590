//! Ids are unique within a lab: what another lab has under the same id is neither in the way, nor seen, nor changed.

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{assert_ledger_adds_up, chemical, events_of, path_of, withdraw};
use crate::support::{Client, TestApp, own_id};

/// A lab, and somebody who manages it.
struct Side {
    lab: Uuid,
    by: Client,
}

impl Side {
    fn path(&self, below: &str) -> String {
        format!("/v1/labs/{}{below}", self.lab)
    }

    /// A bottle of this id and 100 mL.
    async fn bottle(&self, id: Uuid, chemical: Uuid, more: Value) -> Value {
        let amount = json!({"value": "100", "unit": "mL"});
        let mut new = json!({"id": id, "chemical_id": chemical, "amount": amount});
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.by.post(&self.path("/containers"), new).await.created()
    }

    async fn post(&self, container: Uuid, event: Value) -> crate::support::Answer {
        self.by.post(&self.path(&format!("/containers/{container}/events")), event).await
    }

    async fn amount(&self, container: Uuid) -> Value {
        self.by.get(&self.path(&format!("/containers/{container}"))).await.ok()["amount"]["value"].clone()
    }
}

async fn sides<const N: usize>(app: &mut TestApp) -> [Side; N] {
    let mut sides = Vec::new();
    for n in 0..N {
        app.new_lab(&format!("Lab {n}")).await;
        sides.push(Side { lab: app.lab, by: app.client("manager").await });
    }
    sides.try_into().ok().expect("as many as were made")
}

fn ids(page: &Value) -> Vec<&Value> {
    page["items"].as_array().expect("a page").iter().map(|item| &item["id"]).collect()
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_labs_may_have_a_container_of_one_id_and_each_reads_its_own_in_every_way(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let [a, b] = sides(&mut app).await;
    let (water, id) = (chemical(&app, "water", None, None).await, own_id());
    let first = a.bottle(id, water, json!({"code": "A-1", "lot": "LA", "expires_on": "2030-01-01"})).await;
    let second = b.bottle(id, water, json!({"code": "B-1", "lot": "LB", "expires_on": "2030-01-01"})).await;
    assert_eq!((&first["id"], &second["id"]), (&json!(id), &json!(id)));

    for (side, made, code, other) in [(&a, &first, "A-1", "B-1"), (&b, &second, "B-1", "A-1")] {
        assert_eq!(side.by.get(&side.path(&format!("/containers/{id}"))).await.ok(), *made);
        let queries = ["", &format!("?q={code}"), "?q=water", "?expiring_before=2031-01-01", "?state=in_stock"];
        for query in queries {
            let page = side.by.get(&side.path(&format!("/containers{query}"))).await.ok();
            assert_eq!(page["items"], json!([made]), "{query}");
        }
        let foreign = side.by.get(&side.path(&format!("/containers?q={other}"))).await.ok();
        assert_eq!(ids(&foreign), Vec::<&Value>::new());
        let scanned = side.by.get(&side.path(&format!("/scan/{code}"))).await.ok();
        assert!(scanned.to_string().contains(&made["code"].to_string()), "{scanned}");
        assert!(!scanned.to_string().contains(other), "{scanned}");
        let ledger = side.by.get(&side.path(&format!("/containers/{id}/events"))).await.ok();
        assert_eq!(ids(&ledger).len(), 1, "{ledger}");
    }

    a.by.patch(&a.path(&format!("/containers/{id}")), "\"1\"", json!({"note": "ours"})).await.ok();
    assert_eq!(b.by.get(&b.path(&format!("/containers/{id}"))).await.ok(), second);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_same_event_id_in_another_lab_is_a_new_event_and_a_repeat_in_its_own(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let [a, b] = sides(&mut app).await;
    let (water, id, event) = (chemical(&app, "water", None, None).await, own_id(), own_id());
    for side in [&a, &b] {
        side.bottle(id, water, json!({})).await;
    }
    let posted = |amount: &str| {
        let mut posted = withdraw(amount, "mL");
        posted["id"] = json!(event);
        posted
    };
    a.post(id, posted("10")).await.created();
    b.post(id, posted("30")).await.created();
    for (side, amount, left) in [(&a, "10", "90"), (&b, "30", "70")] {
        side.post(id, posted(amount)).await.ok();
        side.post(id, posted("1")).await.problem(409, "id-taken");
        assert_eq!(side.amount(id).await, left);
    }

    let undo = json!({"type": "reverse", "event_id": event, "id": own_id()});
    b.post(id, undo.clone()).await.created();
    assert_eq!((a.amount(id).await, b.amount(id).await), (json!("90"), json!("100")));
    a.post(id, undo.clone()).await.created();
    for side in [&a, &b] {
        side.post(id, undo.clone()).await.ok();
        let twice = json!({"type": "reverse", "event_id": event});
        side.post(id, twice).await.problem(409, "not-reversible");
        assert_eq!(side.amount(id).await, "100");
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_event_of_another_lab_is_not_undone_by_its_id(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let [a, b] = sides(&mut app).await;
    let (water, id, event) = (chemical(&app, "water", None, None).await, own_id(), own_id());
    for side in [&a, &b] {
        side.bottle(id, water, json!({})).await;
    }
    let mut posted = withdraw("10", "mL");
    posted["id"] = json!(event);
    a.post(id, posted).await.created();
    let refused = b.post(id, json!({"type": "reverse", "event_id": event})).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["pointer"], "/event_id");
    assert_eq!((a.amount(id).await, b.amount(id).await), (json!("90"), json!("100")));
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn labs_that_write_the_same_ids_at_once_each_get_what_is_theirs(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let sides: [Side; 12] = sides(&mut app).await;
    let (water, id, event) = (chemical(&app, "water", None, None).await, own_id(), own_id());
    let everywhere = async |path: &str, body: &dyn Fn(usize) -> Value, status: u16| {
        let mut racing = JoinSet::new();
        for (n, side) in sides.iter().enumerate() {
            // Twice: the repeat is answered with what the first of the two has made.
            for _ in 0..2 {
                let (by, path, body) = (side.by.clone(), side.path(path), body(n));
                racing.spawn(async move { (n, by.post(&path, body).await) });
            }
        }
        let mut made = vec![0; sides.len()];
        for (n, answer) in racing.join_all().await {
            assert!([200, status].contains(&answer.status.as_u16()), "{}", answer.text);
            let container = answer.body.get("container").unwrap_or(&answer.body);
            assert_eq!(container["lab_id"], json!(sides[n].lab));
            made[n] += i32::from(answer.status == status);
        }
        assert_eq!(made, vec![1; sides.len()]);
    };
    let bottle = |n: usize| {
        let amount = json!({"value": (100 + n).to_string(), "unit": "mL"});
        json!({"id": id, "chemical_id": water, "amount": amount, "code": "SAME"})
    };
    everywhere("/containers", &bottle, 201).await;
    let taken = |_| {
        let mut taken = withdraw("50", "mL");
        taken["id"] = json!(event);
        taken
    };
    everywhere(&format!("/containers/{id}/events"), &taken, 201).await;
    let mut reading = JoinSet::new();
    for (n, side) in sides.iter().enumerate() {
        let (by, path) = (side.by.clone(), side.path(&format!("/containers/{id}")));
        reading.spawn(async move { (n, by.get(&path).await.ok()) });
    }
    for (n, read) in reading.join_all().await {
        assert_eq!((&read["lab_id"], &read["amount"]["value"]), (&json!(sides[n].lab), &json!((50 + n).to_string())));
    }
    assert_ledger_adds_up(&app).await;
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn within_a_lab_an_id_is_still_taken(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let [a] = sides(&mut app).await;
    let (water, event) = (chemical(&app, "water", None, None).await, own_id());
    let (one, two) = (a.bottle(own_id(), water, json!({})).await, a.bottle(own_id(), water, json!({})).await);
    let mut posted = withdraw("10", "mL");
    posted["id"] = json!(event);
    a.by.post(&events_of(&app, &one), posted.clone()).await.created();
    a.by.post(&events_of(&app, &two), posted).await.problem(409, "id-taken");
    let new = json!({"id": one["id"], "chemical_id": water, "amount": {"value": "1", "unit": "mL"}});
    a.by.post(&a.path("/containers"), new).await.problem(409, "id-taken");
    assert_eq!(a.by.get(&path_of(&app, &two)).await.ok(), two);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn two_labs_may_have_a_location_of_one_id_with_what_is_in_it(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let [a, b] = sides(&mut app).await;
    let (water, place) = (chemical(&app, "water", None, None).await, own_id());
    for (side, name) in [(&a, "Store A"), (&b, "Store B")] {
        let new = json!({"id": place, "kind": "room", "name": name, "code": "ROOM"});
        side.by.post(&side.path("/locations"), new).await.created();
        let shelf = json!({"kind": "shelf", "name": "S", "parent_id": place});
        let shelf = side.by.post(&side.path("/locations"), shelf).await.created();
        assert_eq!(shelf["path"], json!([name, "S"]));
        let again = json!({"id": place, "kind": "room", "name": "Other"});
        side.by.post(&side.path("/locations"), again).await.problem(409, "id-taken");
    }
    let held = a.bottle(own_id(), water, json!({"location_id": place})).await;
    let in_it = format!("/containers?location_id={place}");
    assert_eq!(ids(&a.by.get(&a.path(&in_it)).await.ok()), [&held["id"]]);
    assert_eq!(ids(&b.by.get(&b.path(&in_it)).await.ok()), Vec::<&Value>::new());
    let scanned = b.by.get(&b.path("/scan/ROOM")).await.ok().to_string();
    assert!(scanned.contains("Store B") && !scanned.contains("Store A"), "{scanned}");

    // Closing the one, once nothing is in it, leaves the other open, and what comes back does so to its own.
    let inside = b.by.get(&b.path(&format!("/locations?parent_id={place}"))).await.ok();
    let shelf = inside["items"][0]["id"].as_str().unwrap();
    b.by.delete(&b.path(&format!("/locations/{shelf}")), "*").await.expect(204);
    b.by.delete(&b.path(&format!("/locations/{place}")), "*").await.expect(204);
    a.by.patch(&a.path(&format!("/locations/{place}")), "*", json!({"name": "Store C"})).await.ok();
    let id = held["id"].as_str().unwrap().parse().unwrap();
    let other = a.by.post(&a.path("/locations"), json!({"kind": "room", "name": "R"})).await.created();
    let moved = a.post(id, json!({"type": "move", "location_id": other["id"]})).await.created();
    let undo = json!({"type": "reverse", "event_id": moved["event"]["id"]});
    assert_eq!(a.post(id, undo).await.created()["container"]["location_id"], json!(place));
}
