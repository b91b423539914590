//! What is gone is in no list unless it is asked for, and hides nothing that is there; pages lose and double nothing.

use std::collections::HashSet;

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{bottle_of, chemical, location};
use crate::support::{Client, TestApp};

/// As if its events had been booked.
async fn becomes(app: &TestApp, bottle: &Value, state: &str) {
    let amount = if ["empty", "disposed", "voided"].contains(&state) { Some(0) } else { None };
    sqlx::query("update containers set state = $2, amount = coalesce($3, amount) where id = $1")
        .bind(bottle["id"].as_str().unwrap().parse::<Uuid>().unwrap())
        .bind(state)
        .bind(amount)
        .execute(&app.db)
        .await
        .unwrap();
}

/// The codes on all pages.
async fn pages(app: &TestApp, by: &Client, query: &str, limit: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let mut path = app.path(&format!("/containers?limit={limit}&{query}"));
    loop {
        let page = by.get(&path).await.ok();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|it| it["code"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { return seen };
        assert_eq!(items.len(), limit, "only the last page is short: {query}");
        path = app.path(&format!("/containers?limit={limit}&{query}&cursor={cursor}"));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn fifty_disposed_bottles_hide_none_of_three_new_ones(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acetone = chemical(&app, "acetone", Some("67-64-1"), None).await;
    let shelf = location(&app, None, "shelf", "S").await;
    for n in 0..50 {
        let more = json!({"code": format!("OLD{n}"), "lot": "LOT77", "expires_on": "2026-12-01", "low_at": {"value": "2", "unit": "L"}});
        let old = bottle_of(&app, &manager, acetone, "1", "L", more).await;
        becomes(&app, &old, "disposed").await;
    }
    for n in 0..3 {
        let more = json!({"code": format!("NEW{n}"), "lot": "LOT77", "location_id": shelf, "expires_on": format!("2027-01-0{}", n + 1),
            "low_at": {"value": "2", "unit": "L"}});
        bottle_of(&app, &manager, acetone, "1", "L", more).await;
    }
    let newest = ["NEW2", "NEW1", "NEW0"];
    let soonest = ["NEW0", "NEW1", "NEW2"];
    let list = async |query: &str| pages(&app, &manager, query, 50).await;
    for text in ["acetone", "acet", "aceton", "acetnoe", "67-64-1", "67641", "LOT77", "lot7"] {
        assert_eq!(list(&format!("q={text}")).await, newest, "{text}");
        assert_eq!(list(&format!("q={text}&include=gone")).await.len(), 53, "{text}");
        assert_eq!(list(&format!("q={text}&state=in_stock")).await, newest, "{text}");
        assert_eq!(list(&format!("q={text}&state=disposed")).await.len(), 50, "{text}");
        assert_eq!(list(&format!("q={text}&location_id={shelf}")).await, newest, "{text}");
        assert_eq!(list(&format!("q={text}&chemical_id={acetone}")).await, newest, "{text}");
        assert_eq!(list(&format!("q={text}&low=true")).await, newest, "{text}");
        assert_eq!(list(&format!("q={text}&expiring_before=2028-01-01")).await, soonest, "{text}");
    }
    assert_eq!(list("").await, newest);
    assert_eq!(list("include=gone").await.len(), 53);
    assert_eq!(list("expiring_before=2028-01-01").await, soonest);
    assert_eq!(list(&format!("location_id={shelf}&expiring_before=2028-01-01")).await, soonest);
    assert_eq!(list(&format!("chemical_id={acetone}&expiring_before=2028-01-01")).await, soonest);
    manager.get(&app.path("/containers?include=all")).await.problem(422, "invalid");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_bottle_that_is_lost_or_voided_is_found_only_when_it_is_asked_for(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    for state in ["lost", "empty", "disposed", "voided"] {
        let bottle = bottle_of(&app, &manager, water, "1", "L", json!({"code": state})).await;
        becomes(&app, &bottle, state).await;
        for query in ["q=water", "", &format!("chemical_id={water}")] {
            assert!(pages(&app, &manager, query, 50).await.is_empty(), "{state} {query}");
            assert_eq!(pages(&app, &manager, &format!("{query}&state={state}"), 50).await, [state]);
            assert!(pages(&app, &manager, &format!("{query}&include=gone"), 50).await.contains(&state.to_owned()));
        }
    }
}

/// What a bottle is to the model.
struct Bottle {
    code: String,
    id: String,
    chemical: usize,
    place: Option<usize>,
    state: &'static str,
    expires_on: Option<String>,
    is_low: bool,
}

struct Lab {
    bottles: Vec<Bottle>,
    chemicals: Vec<Uuid>,
    /// The second and the third stand in the first.
    places: Vec<Uuid>,
}

const NAMES: [&str; 3] = ["acetone", "acetone oxime", "water"];
const STATES: [&str; 7] = ["in_stock", "opened", "in_stock", "lost", "disposed", "empty", "waste_pending"];

async fn random_lab(app: &TestApp, by: &Client) -> Lab {
    let mut runner = TestRunner::deterministic();
    let bottle = (
        0..3_usize,
        prop::option::weighted(0.75, 0..3_usize),
        prop::option::weighted(0.7, 1..6),
        prop::bool::weighted(0.3),
        prop::sample::select(&STATES[..]),
    );
    let mut chemicals = Vec::new();
    for name in NAMES {
        chemicals.push(chemical(app, name, None, None).await);
    }
    let room = location(app, None, "room", "R").await;
    let places =
        vec![room, location(app, Some(room), "shelf", "1").await, location(app, Some(room), "shelf", "2").await];
    let mut bottles = Vec::new();
    for n in 0..60 {
        let (chemical, place, month, has_low, state) = bottle.new_tree(&mut runner).unwrap().current();
        let expires_on = month.map(|month| format!("2027-0{month}-01"));
        let low = has_low.then(|| json!({"value": "5", "unit": "L"}));
        let more = json!({"code": format!("B{n}"), "location_id": place.map(|at: usize| places[at]), "expires_on": expires_on, "low_at": low});
        let made = bottle_of(app, by, chemicals[chemical], "1", "L", more).await;
        becomes(app, &made, state).await;
        let is_low = low.is_some() && ["in_stock", "opened"].contains(&state);
        let id = made["id"].as_str().unwrap().to_owned();
        bottles.push(Bottle { code: format!("B{n}"), id, chemical, place, state, expires_on, is_low });
    }
    Lab { bottles, chemicals, places }
}

#[derive(Clone, Copy)]
struct Asked {
    q: Option<&'static str>,
    place: Option<usize>,
    chemical: Option<usize>,
    state: Option<&'static str>,
    gone: bool,
    before: Option<&'static str>,
    low: bool,
}

impl Asked {
    fn query(&self, lab: &Lab) -> String {
        let mut parts = vec![format!("low={}", self.low)];
        parts.extend(self.q.map(|q| format!("q={q}")));
        parts.extend(self.place.map(|at| format!("location_id={}", lab.places[at])));
        parts.extend(self.chemical.map(|at| format!("chemical_id={}", lab.chemicals[at])));
        parts.extend(self.state.map(|state| format!("state={state}")));
        parts.extend(self.gone.then(|| "include=gone".to_owned()));
        parts.extend(self.before.map(|day| format!("expiring_before={day}")));
        parts.join("&")
    }

    fn wants(&self, it: &Bottle) -> bool {
        let is_gone = ["lost", "disposed", "empty"].contains(&it.state);
        self.q.is_none_or(|q| NAMES[it.chemical].starts_with(q))
            && self.place.is_none_or(|at| it.place == Some(at) || (at == 0 && it.place.is_some()))
            && self.chemical.is_none_or(|at| it.chemical == at)
            && self.state.map_or(self.gone || !is_gone, |state| it.state == state)
            && self.before.is_none_or(|day| it.expires_on.as_deref().is_some_and(|expires| expires < day))
            && (!self.low || it.is_low)
    }

    /// All bottles, filtered and then sorted.
    fn answer(&self, lab: &Lab) -> Vec<String> {
        let mut wanted: Vec<&Bottle> = lab.bottles.iter().filter(|it| self.wants(it)).collect();
        wanted.sort_by(|a, b| b.id.cmp(&a.id));
        if self.before.is_some() && self.q.is_none() {
            wanted.sort_by(|a, b| (&a.expires_on, &a.id).cmp(&(&b.expires_on, &b.id)));
        } else if self.before.is_some() {
            wanted.sort_by(|a, b| a.expires_on.cmp(&b.expires_on));
        } else if self.place.is_some() && self.q.is_none() {
            wanted.sort_by_key(|it| it.place.map(|at| lab.places[at]));
        }
        if let Some(q) = self.q {
            wanted.sort_by_key(|it| NAMES[it.chemical] != q);
        }
        wanted.iter().map(|it| it.code.clone()).collect()
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn pages_of_every_list_and_search_are_those_of_a_naive_model(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let lab = random_lab(&app, &manager).await;
    let mut shapes = HashSet::new();
    for n in 0..3 * 2 * 2 * 3 * 2 * 2 * 2 {
        let asked = Asked {
            place: [None, Some(0), Some(1)][n % 3],
            chemical: [None, Some(0)][n / 3 % 2],
            q: [None, Some("acetone")][n / 6 % 2],
            state: [None, Some("in_stock"), Some("disposed")][n / 12 % 3],
            gone: n / 36 % 2 == 1,
            before: [None, Some("2027-04-01")][n / 72 % 2],
            low: n / 144 % 2 == 1,
        };
        let query = asked.query(&lab);
        let expected = asked.answer(&lab);
        assert_eq!(pages(&app, &manager, &query, 4).await, expected, "{query}");
        shapes.insert(expected.len());
    }
    assert!(shapes.len() > 10, "the bottles are various");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn among_thousands_of_like_labels_a_condition_finds_its_bottle_and_pages_give_each_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let water = chemical(&app, "water", None, None).await;
    let made = bottle_of(&app, &manager, water, "1", "L", json!({"code": "CC-0", "lot": "CC-7"})).await;
    sqlx::query(
        "insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, lot, created_at,
            updated_at)
        select gen_random_uuid(), lab_id, chemical_id, 'CC-' || n, case when n = 11000 then 'quarantined' else state end,
            unit, amount, initial_amount, case when n % 3 = 0 then 'CC-' || n end, created_at, updated_at
        from containers, generate_series(1, 12000) n where id = $1::uuid",
    )
    .bind(made["id"].as_str())
    .execute(&app.db)
    .await
    .unwrap();
    let found = manager.get(&app.path("/containers?q=cc-&state=quarantined")).await.ok();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["code"], "CC-11000");

    let (mut cursor, mut seen) = (String::new(), std::collections::HashSet::new());
    loop {
        let page = manager.get(&app.path(&format!("/containers?q=cc-&limit=200{cursor}"))).await.ok();
        for item in page["items"].as_array().unwrap() {
            assert!(seen.insert(item["id"].as_str().unwrap().to_owned()), "{} twice", item["code"]);
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 12_001);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_lot_or_a_code_is_found_beside_the_words_of_a_chemical(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let acid = chemical(&app, "sulfuric acid", Some("7664-93-9"), None).await;
    let other = chemical(&app, "acetone", None, None).await;
    let room = location(&app, None, "room", "R").await;
    let of = async |chemical, code: &str, lot: &str| {
        let more = json!({"code": code, "lot": lot, "location_id": room, "expires_on": "2030-01-01"});
        bottle_of(&app, &manager, chemical, "1", "L", more).await
    };
    for n in 1..=5 {
        of(acid, &format!("A-{n}"), "STBK1234").await;
    }
    of(acid, "FL-0006", "OTHER").await;
    of(other, "B-7", "STBK1234").await;
    let all = ["A-5", "A-4", "A-3", "A-2", "A-1"];
    for (query, found) in [
        ("q=sulfuric+acid+STBK1234", &all[..]),
        ("q=stbk1234+sulfuric", &all),
        ("q=acid+stbk12", &all),
        ("q=7664-93-9+STBK1234", &all),
        // Parts so short say nothing of a name, so the other acids follow.
        ("q=acid+fl-0006", &["FL-0006", "A-5", "A-4", "A-3", "A-2", "A-1"]),
        ("q=acetone+STBK1234", &["B-7"]),
        ("q=acetone+OTHER", &[]),
        ("q=acid+STBK1234&state=opened", &[]),
        ("q=acid+STBK1234&expiring_before=2029-01-01", &[]),
    ] {
        for limit in [2, 100] {
            assert_eq!(pages(&app, &manager, query, limit).await, found, "{query}");
        }
    }
    let in_room = format!("q=acid+STBK1234&location_id={room}&expiring_before=2031-01-01");
    assert_eq!(pages(&app, &manager, &in_room, 2).await.len(), 5);
}
