//! Random labs with random keys: what each person sees and may do is what a model says that knows nothing of the
//! product.

mod model;

use serde_json::{Value, json};
use sqlx::PgPool;

use self::model::{Asked, Dice, KINDS, Lab, Lost};
use super::{bottle_of, chemical, events_of, path_of, withdraw};
use crate::{
    stock::locations::keys::put_keys,
    support::{Client, TestApp},
};

const CAS: [&str; 2] = ["64-17-5", "67-64-1"];
const GTIN: [&str; 2] = ["4006381333931", "5901234123457"];
const NAMES: [&str; 2] = ["ethanol", "acetone"];

/// Of what takes a key.
fn expected(opens: bool) -> u16 {
    if opens { 201 } else { 403 }
}

struct Scene<'a> {
    app: &'a TestApp,
    lab: Lab,
    people: Vec<Client>,
    places: Vec<Value>,
    bottles: Vec<Value>,
    chemicals: [uuid::Uuid; 2],
}

impl<'a> Scene<'a> {
    async fn build(app: &'a TestApp, lab: Lab, chemicals: [uuid::Uuid; 2]) -> Self {
        let mut people = Vec::new();
        for role in &lab.people {
            people.push(app.client(role).await);
        }
        let admin = people.last().unwrap().clone();
        let ids: Vec<_> = people.iter().map(|it| json!(it.user_id)).collect();
        let mut places: Vec<Value> = Vec::new();
        for (at, place) in lab.places.iter().enumerate() {
            let parent = place.parent.map(|parent| &places[parent]["id"]);
            let new = json!({"kind": KINDS[place.kind], "name": format!("P{at}"), "parent_id": parent,
                "access": place.access});
            let made = admin.post(&app.path("/locations"), new).await.created();
            put_keys(app, &admin, &made, "*", lab.keys(at, &ids)).await.ok();
            places.push(made);
        }
        let mut scene = Self { app, lab, people, places, bottles: Vec::new(), chemicals };
        for bottle in &scene.lab.bottles {
            let place = bottle.place.map(|at| &scene.places[at]["id"]);
            let more = json!({"location_id": place, "code": bottle.code, "lot": bottle.lot,
                "gtin": GTIN[bottle.chemical],
                "expires_on": bottle.expires.then_some("2028-01-01"),
                "low_at": bottle.is_low.then(|| json!({"value": "200", "unit": "mL"}))});
            let made = bottle_of(app, &admin, chemicals[bottle.chemical], "100", "mL", more).await;
            if bottle.is_lost {
                admin.post(&events_of(app, &made), json!({"type": "lose"})).await.created();
            }
            scene.bottles.push(made);
        }
        scene
    }

    fn admin(&self) -> &Client {
        self.people.last().unwrap()
    }

    /// The codes on all pages, of which only the last is short.
    async fn list(&self, by: &Client, query: &str) -> Vec<String> {
        let (mut codes, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = by.get(&self.app.path(&format!("/containers?limit=3&{query}{cursor}"))).await.ok();
            let items = page["items"].as_array().unwrap();
            codes.extend(items.iter().map(|it| it["code"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            assert_eq!(items.len(), 3, "{query}");
            cursor = format!("&cursor={next}");
        }
        codes.sort_unstable();
        codes
    }

    /// Each filter and order of lists and searches.
    async fn compare_lists(&self, person: usize) {
        let by = &self.people[person];
        let ask = async |query: &str, asked: &Asked| {
            assert_eq!(self.list(by, query).await, self.lab.found(person, asked), "{query} by {person}");
        };
        let all = Asked::default;
        ask("", &all()).await;
        ask("include=gone", &Asked { lost: Lost::Too, ..all() }).await;
        ask("state=lost", &Asked { lost: Lost::Alone, ..all() }).await;
        ask("state=in_stock", &all()).await;
        ask("low=true", &Asked { low: true, ..all() }).await;
        ask("expiring_before=2029-01-01", &Asked { expiring: true, ..all() }).await;
        ask("q=LOT", &Asked { lot: Some("LOT".to_owned()), ..all() }).await;
        ask("q=LOT1&include=gone", &Asked { lot: Some("LOT1".to_owned()), lost: Lost::Too, ..all() }).await;
        for (chemical, id) in self.chemicals.iter().enumerate() {
            let of = || Asked { chemical: Some(chemical), ..all() };
            ask(&format!("chemical_id={id}"), &of()).await;
            ask(&format!("chemical_id={id}&expiring_before=2029-01-01"), &Asked { expiring: true, ..of() }).await;
            for text in [NAMES[chemical], CAS[chemical], ["ethnaol", "acetnoe"][chemical]] {
                ask(&format!("q={text}"), &of()).await;
                ask(&format!("q={text}&expiring_before=2029-01-01"), &Asked { expiring: true, ..of() }).await;
            }
        }
        for (place, located) in self.places.iter().enumerate() {
            let (id, within) = (located["id"].as_str().unwrap(), || Asked { place: Some(place), ..all() });
            ask(&format!("location_id={id}"), &within()).await;
            ask(&format!("location_id={id}&expiring_before=2029-01-01"), &Asked { expiring: true, ..within() }).await;
            let one = format!("location_id={id}&chemical_id={}", self.chemicals[0]);
            ask(&one, &Asked { chemical: Some(0), ..within() }).await;
            ask(&format!("location_id={id}&q=LOT"), &within()).await;
        }
    }

    /// Each place and each bottle by itself, by its id and by its code.
    async fn compare_things(&self, person: usize) {
        let (by, lab) = (&self.people[person], &self.lab);
        let listed = by.get(&self.app.path("/locations?limit=200")).await.ok();
        let listed: Vec<_> = listed["items"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
        for (at, place) in self.places.iter().enumerate() {
            let sees = lab.sees(person, Some(at));
            assert_eq!(listed.contains(&place["id"]), sees);
            let path = self.app.path(&format!("/locations/{}", place["id"].as_str().unwrap()));
            assert_eq!(by.get(&path).await.status == 200, sees, "place {at} by {person}");
            assert_eq!(self.scan(by, place).await["type"] == "location", sees, "place {at} by {person}");
        }
        for (bottle, made) in lab.bottles.iter().zip(&self.bottles) {
            let sees = lab.sees(person, bottle.place);
            for path in [path_of(self.app, made), events_of(self.app, made)] {
                assert_eq!(by.get(&path).await.status == 200, sees, "{} by {person}", bottle.code);
            }
            assert_eq!(self.scan(by, made).await["type"] == "container", sees, "{} by {person}", bottle.code);
        }
        for chemical in 0..2 {
            for code in [CAS[chemical], GTIN[chemical]] {
                let found = by.get(&self.app.path(&format!("/scan/{code}"))).await.ok();
                let codes =
                    found["containers"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned());
                let mut codes: Vec<_> = codes.collect();
                codes.sort_unstable();
                assert_eq!(codes, lab.found(person, &Asked { chemical: Some(chemical), ..Asked::default() }), "{code}");
            }
        }
    }

    async fn scan(&self, by: &Client, thing: &Value) -> Value {
        by.get(&self.app.path(&format!("/scan/{}", thing["code"].as_str().unwrap()))).await.ok()
    }

    /// What is taken from closed places and put into them.
    async fn compare_deeds(&self, person: usize, dice: &mut Dice) {
        let (by, lab) = (&self.people[person], &self.lab);
        if lab.people[person] == "viewer" {
            return;
        }
        for (bottle, made) in lab.bottles.iter().zip(&self.bottles).filter(|it| !it.0.is_lost) {
            let (sees, opens) = (lab.sees(person, bottle.place), lab.opens(person, bottle.place));
            let here = match (sees, opens) {
                (false, _) => 404,
                (true, opens) => expected(opens),
            };
            let to = dice.below(lab.places.len());
            let there = match (lab.sees(person, Some(to)), lab.opens(person, Some(to))) {
                _ if here != 201 => here,
                (false, _) => 422,
                (true, opens) => expected(opens),
            };
            if sees {
                let offered = self.scan(by, made).await["allowed_actions"].clone();
                for action in ["withdraw", "move", "check_out"] {
                    assert_eq!(
                        offered.as_array().unwrap().contains(&json!(action)),
                        opens,
                        "{action} of {}",
                        bottle.code
                    );
                }
            }
            let moved = json!({"type": "move", "location_id": self.places[to]["id"]});
            for (event, status) in
                [(withdraw("0.001", "mL"), here), (json!({"type": "check_out"}), here), (moved, there)]
            {
                let answer = by.post(&events_of(self.app, made), event.clone()).await;
                assert_eq!(answer.status, status, "{event} of {} by {person}: {}", bottle.code, answer.text);
                if status == 201 {
                    let undo = json!({"type": "reverse", "event_id": answer.body["event"]["id"]});
                    self.admin().post(&events_of(self.app, made), undo).await.created();
                }
            }
        }
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn in_random_labs_everybody_sees_and_may_do_what_a_model_without_sql_says(db: PgPool) {
    let mut app = TestApp::new(db).await;
    let mut chemicals = Vec::new();
    for (name, cas) in NAMES.iter().zip(CAS) {
        chemicals.push(chemical(&app, name, Some(cas), None).await);
    }
    let (mut dice, mut unseen) = (Dice(20_261_128), 0);
    for round in 0..5 {
        app.new_lab(&format!("Lab {round}")).await;
        let scene = Scene::build(&app, Lab::draw(&mut dice, round), [chemicals[0], chemicals[1]]).await;
        for person in 0..scene.people.len() {
            scene.compare_things(person).await;
            scene.compare_lists(person).await;
            scene.compare_deeds(person, &mut dice).await;
            unseen += scene.lab.bottles.iter().filter(|it| !scene.lab.sees(person, it.place)).count();
        }
    }
    assert!(unseen > 50, "only {unseen} bottles were hidden: the test has lost its teeth");
}
