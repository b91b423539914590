//! What is hidden is in no answer to who has no key, whatever is asked: it is as if it were not there.

use axum::http::{Method, header};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    Operation,
    world::{Request, Things, World, build, encode, said},
};
use crate::{
    journal::number,
    stock::{
        containers::{bottle_of, location},
        locations::keys::shut,
    },
    support::{Answer, Client},
};

/// What a path, a query or a body can name of what is hidden.
const NAMED: [&str; 4] = ["container_id", "location_id", "parent_id", "event_id"];
const WITHOUT_KEY: [&str; 3] = ["viewer", "member", "manager"];
/// They show a hidden thing to who has its key.
const SHOWING: [&str; 9] = [
    "export_containers",
    "get_container",
    "get_location",
    "get_location_keys",
    "list_audit",
    "list_containers",
    "list_events",
    "list_locations",
    "scan_code",
];

struct Hidden {
    things: Things,
    /// Texts that stand in an answer only where the hidden things do.
    secrets: Vec<String>,
    code: String,
    /// Of the room.
    place_code: String,
    keyholder: Client,
}

/// A hidden room with a box in it, and a bottle in that, in the world's lab.
async fn hide(world: &World) -> Hidden {
    let app = &world.app;
    let (admin, keyholder) = (app.client("admin").await, app.client("manager").await);
    let house = said(&world.here["parent_id"]).parse().expect("an id");
    let room = location(app, Some(house), "room", "Vault 7e1f").await;
    let inner = location(app, Some(room), "box", "Inner 7e1f").await;
    let visible = admin.get(&app.path(&format!("/containers/{}", said(&world.here["container_id"])))).await.ok();
    let chemical = said(&visible["chemical"]["id"]).parse().expect("an id");
    let code = "HIDDEN-7E1F".to_owned();
    let more = json!({"location_id": inner, "code": code, "lot": "LOT-7E1F", "supplier": "Supplier 7e1f",
        "note": "note 7e1f", "catalogue_number": "NUMBER-7E1F", "gtin": "4006381333931",
        "expires_on": "2027-01-01", "low_at": {"value": "1", "unit": "L"}});
    let bottle = bottle_of(app, &admin, chemical, "500", "mL", more).await;
    let events = app.path(&format!("/containers/{}/events", said(&bottle["id"])));
    let event = admin.get(&events).await.ok()["items"][0]["id"].clone();
    let place_code = said(&admin.get(&app.path(&format!("/locations/{room}"))).await.ok()["code"]);
    shut(app, &json!({"id": room}), "hidden", json!({"users": [keyholder.user_id], "roles": []})).await;
    let ids = [&bottle["id"], &event, &json!(room), &json!(inner)].map(said);
    let secrets = ids.into_iter().chain(["7e1f", "7E1F", "4006381333931"].map(str::to_owned)).collect();
    let things = Things::from([
        ("container_id", bottle["id"].clone()),
        ("location_id", json!(room)),
        ("parent_id", json!(inner)),
        ("event_id", event),
    ]);
    number(app).await;
    Hidden { things, secrets, code, place_code, keyholder }
}

/// The requests of an operation, each with one name set to this value where it can say it.
pub fn requests(world: &World, operation: &Operation, name: &'static str, value: &Value) -> Vec<Request> {
    let mut things = world.here.clone();
    things.insert(name, value.clone());
    let mut found = Vec::new();
    let examples = world.api.examples(operation).into_iter().map(Some).collect::<Vec<_>>();
    for example in if examples.is_empty() { vec![None] } else { examples } {
        let request = build(operation, &things, example);
        let schema = operation.body().map(|body| world.api.resolve(&body["schema"]));
        if schema.is_some_and(|schema| schema["properties"].get(name).is_some()) {
            let mut body = request.json().expect("a body");
            body[name] = value.clone();
            found.push(Request { body: Some(body.to_string()), ..request.clone() });
        }
        if operation.parameters("query").iter().any(|parameter| parameter["name"] == name) {
            found.push(Request { query: format!("{name}={}", said(value)), ..request.clone() });
        }
        found.push(request);
    }
    let says = |request: &Request| {
        let value = said(value);
        request.path.contains(&value)
            || request.query.contains(&value)
            || request.body.iter().any(|it| it.contains(&value))
    };
    found.retain(says);
    found
}

/// An answer without what differs in any two.
pub fn plain(answer: &Answer, named: &str) -> (u16, String, Option<String>) {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("instance");
    }
    let etag = answer.headers.get(header::ETAG).map(|etag| etag.to_str().expect("ASCII").to_owned());
    (answer.status.as_u16(), body.to_string().replace(named, "it"), etag)
}

/// Also where each of many in one call is.
pub fn is_refused(answer: &Answer) -> bool {
    let all = answer.body["verdicts"].as_array();
    !answer.status.is_success() || all.is_some_and(|all| all.iter().all(|it| it["verdict"] == "rejected"))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn whatever_names_something_hidden_is_answered_as_if_it_named_nothing(db: PgPool) {
    let world = World::new(db).await;
    let hidden = hide(&world).await;
    let mut compared = 0;
    for role in WITHOUT_KEY {
        let by = world.app.client(role).await;
        for operation in world.api.operations.iter().filter(|operation| operation.in_lab()) {
            for name in NAMED {
                let (value, unknown) = (&hidden.things[name], json!(Uuid::now_v7()));
                let pairs = requests(&world, operation, name, value);
                for (one, other) in pairs.into_iter().zip(requests(&world, operation, name, &unknown)) {
                    let answers = (one.send(&by).await, other.send(&by).await);
                    let seen = (plain(&answers.0, &said(value)), plain(&answers.1, &said(&unknown)));
                    assert_eq!(seen.0, seen.1, "{} as {role}: {one:?}", operation.id);
                    assert!(is_refused(&answers.0) || one.method == Method::GET, "{}: {one:?}", operation.id);
                    compared += 1;
                }
            }
        }
        for text in [hidden.code.as_str(), "LOT-7E1F", "Vault 7e1f", "NUMBER-7E1F", "7e1f", "acetonitrile 7e1f"] {
            let unknown = text.replace("7e1f", "9a2b").replace("7E1F", "9A2B");
            for path in ["/containers?q=", "/containers?include=gone&q=", "/locations?q=", "/scan/"] {
                let ask = async |text: &str| by.get(&world.app.path(&format!("{path}{}", encode(text)))).await;
                let seen = (plain(&ask(text).await, text), plain(&ask(&unknown).await, &unknown));
                assert_eq!(seen.0, seen.1, "{path}{text} as {role}");
            }
        }
    }
    assert!(compared > 100, "only {compared} requests named something hidden");
}

/// That a code is taken shows, and nothing of what has it.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_code_that_something_hidden_has_is_taken_and_nothing_is_said_of_what_has_it(db: PgPool) {
    let world = World::new(db).await;
    let hidden = hide(&world).await;
    let app = &world.app;
    let chemical = &world.here["chemical_id"];
    for role in ["member", "manager"] {
        let by = app.client(role).await;
        let mut details = std::collections::BTreeSet::new();
        for code in [&hidden.code, &hidden.place_code] {
            for spelled in [code.clone(), code.to_lowercase().replace('-', " ")] {
                let amount = json!({"value": "1", "unit": "L"});
                let bottle = json!({"chemical_id": chemical, "amount": amount, "code": spelled});
                let mut answers = vec![by.post(&app.path("/containers"), bottle).await];
                if role == "manager" {
                    let place = json!({"kind": "room", "name": "Another", "code": spelled});
                    answers.push(by.post(&app.path("/locations"), place).await);
                    let visible = app.path(&format!("/containers/{}", said(&world.here["container_id"])));
                    answers.push(by.patch(&visible, "*", json!({"code": spelled})).await);
                    let visible = app.path(&format!("/locations/{}", said(&world.here["location_id"])));
                    answers.push(by.patch(&visible, "*", json!({"code": spelled})).await);
                }
                details.extend(answers.into_iter().map(|it| said(&it.problem(409, "code-taken")["detail"])));
            }
        }
        assert_eq!(details.len(), 1, "{details:?}");
    }
    let bottle = json!({"chemical_id": chemical, "amount": {"value": "1", "unit": "L"}, "code": "hidden 7e1f"});
    let told = hidden.keyholder.post(&app.path("/containers"), bottle).await.problem(409, "code-taken");
    assert!(said(&told["detail"]).contains(&hidden.code), "who has the key is told: {told}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn no_answer_to_who_has_no_key_tells_of_what_is_hidden(db: PgPool) {
    let mut world = World::new(db).await;
    let operations = std::mem::take(&mut world.api.operations);
    let (mut succeeded, mut shown) = (0, Vec::new());
    for operation in &operations {
        world.renew().await;
        let hidden = hide(&world).await;
        for role in WITHOUT_KEY {
            let by = world.app.client(role).await;
            let answer = world.request(operation, &by).await.send(&by).await;
            succeeded += usize::from(answer.status.is_success());
            let told = hidden.secrets.iter().find(|secret| answer.text.contains(*secret));
            assert_eq!(told, None, "{} as {role}: {}", operation.id, answer.text);
        }
        for by in [&hidden.keyholder, &world.app.client("admin").await] {
            if SHOWING.contains(&operation.id.as_str()) {
                let mut things = world.here.clone();
                things.extend(hidden.things.clone());
                let mut request = build(operation, &things, None);
                if operation.id == "scan_code" {
                    request.path = world.app.path(&format!("/scan/{}", hidden.code));
                }
                let answer = request.send(by).await.expect(200);
                assert!(hidden.secrets.iter().any(|secret| answer.text.contains(secret)), "{}", operation.id);
                shown.push(operation.id.as_str());
            }
        }
    }
    shown.dedup();
    shown.sort_unstable();
    assert_eq!(shown, SHOWING);
    assert!(succeeded > operations.len(), "only {succeeded} requests succeeded");
}
