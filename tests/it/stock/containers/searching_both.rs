//! The search by a label and a name, where thousands of labels begin alike.

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{bottle_of, chemical};
use crate::support::{Client, TestApp};

const NAMES: [&str; 4] = ["acetone", "sulfuric acid", "acetic acid", "toluene"];

/// Bottle `n` of 4000: half have a code that begins with CHEM, every fifth a lot that does, and one in 700 one of its own.
fn labels(n: usize) -> (String, String) {
    let code = if n.is_multiple_of(2) { format!("CHEM-{n:06}") } else { format!("X-{n:06}") };
    let lot = match n {
        _ if n.is_multiple_of(700) => format!("RARE{n}"),
        _ if n.is_multiple_of(5) => format!("chemlot{n}"),
        _ => format!("LOT{n}"),
    };
    (code, lot)
}

async fn fill(app: &TestApp, manager: &Client) -> Vec<(Uuid, usize)> {
    let mut chemicals = Vec::new();
    for name in NAMES {
        chemicals.push(chemical(app, name, None, None).await);
    }
    let first = bottle_of(app, manager, chemicals[3], "1", "L", json!({"code": "FIRST"})).await;
    let (mut ids, mut of, mut codes, mut lots, mut made) = (vec![], vec![], vec![], vec![], vec![]);
    for n in 1..=4000 {
        let (code, lot) = labels(n);
        // Only every twentieth is of an acid.
        let kind = if n % 20 == 0 { 1 + n / 20 % 2 } else { 3 * (n % 2) };
        let id = Uuid::from_u128(u128::try_from(n).unwrap());
        ids.push(id);
        of.push(chemicals[kind]);
        codes.push(code);
        lots.push(lot);
        made.push((id, kind));
    }
    sqlx::query(
        "insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, lot, created_at,
            updated_at)
        select b.id, c.lab_id, b.chemical, b.code, case when b.code like '%9' then 'disposed' else c.state end, c.unit,
            c.amount, c.initial_amount, b.lot, c.created_at, c.updated_at
        from containers c, unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) b (id, chemical, code, lot)
        where c.id = $1::uuid",
    )
    .bind(first["id"].as_str())
    .bind(ids)
    .bind(of)
    .bind(codes)
    .bind(lots)
    .execute(&app.db)
    .await
    .unwrap();
    made
}

async fn pages(app: &TestApp, by: &Client, query: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = by.get(&app.path(&format!("/containers?limit=150&{query}{cursor}"))).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        cursor = format!("&cursor={next}");
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_label_that_thousands_have_and_a_name_find_what_a_naive_model_finds(db: PgPool) {
    let app = TestApp::new(db).await;
    let manager = app.client("manager").await;
    let made = fill(&app, &manager).await;
    for (label, word) in [
        ("chem", "acid"),
        ("CHEM", "sulfuric"),
        ("chem", "acetone"),
        ("CHEM-", "toluene"),
        ("CHEMLOT", "acetic"),
        ("rare", "acid"),
        ("chem-0001", "acid"),
    ] {
        for gone in [false, true] {
            let begins = |text: &str| text.to_uppercase().starts_with(&label.to_uppercase());
            let wanted = made.iter().enumerate().rev().filter_map(|(at, (_, kind))| {
                let (code, lot) = labels(at + 1);
                let matches = (begins(&code) || begins(&lot)) && NAMES[*kind].split(' ').any(|it| it == word);
                (matches && (gone || !code.ends_with('9'))).then_some(code)
            });
            let wanted: Vec<_> = wanted.collect();
            for text in [format!("{label}+{word}"), format!("{word}+{label}")] {
                let query = format!("q={text}{}", if gone { "&include=gone" } else { "" });
                let found = pages(&app, &manager, &query).await;
                assert_eq!(found.len(), wanted.len(), "{query}");
                assert_eq!(found, wanted, "{query}");
            }
        }
    }
    assert_eq!(pages(&app, &manager, "q=CHEM+zzzzz").await, [""; 0], "no such name");
}
