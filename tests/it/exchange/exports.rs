//! What a lab has, as a file: whole or visibly cut off.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use axum::{
    body::Body,
    http::{Request, header},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::{
    stock::containers::{bottle_of, chemical, location},
    support::{Client, TestApp},
};

async fn export(app: &TestApp, by: &Client, query: &str) -> Vec<csv::StringRecord> {
    let answer = by.get(&app.path(&format!("/exports/containers.csv{query}"))).await.expect(200);
    assert!(answer.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/csv"));
    assert_eq!(answer.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"containers.csv\"");
    let rows: Vec<_> = csv::Reader::from_reader(answer.text.as_bytes()).into_records().map(Result::unwrap).collect();
    assert!(answer.text.starts_with("code,chemical,cas,amount,unit,location,status,"), "{}", answer.text);
    rows
}

/// All pages.
pub async fn listed(app: &TestApp, by: &Client, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            by.get(&app.path(&format!("/containers?limit=200{}{cursor}", query.replacen('?', "&", 1)))).await.ok();
        items.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

/// So many bottles of which nobody has asked anything yet.
async fn make_many(app: &TestApp, chemical: Uuid, many: i32) {
    sqlx::query(
        "insert into containers (id, lab_id, chemical_id, code, state, unit, amount, initial_amount, created_at,
            updated_at)
        select gen_random_uuid(), $1, $2, 'M-' || n, 'in_stock', 'mL', n, n, $3, $3 from generate_series(1, $4) n",
    )
    .bind(app.lab)
    .bind(chemical)
    .bind(app.now())
    .bind(many)
    .execute(&app.db)
    .await
    .unwrap();
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_export_has_what_the_list_has_with_the_same_filters_and_in_its_order(db: PgPool) {
    let app = TestApp::new(db).await;
    let (by, viewer) = (app.client("manager").await, app.client("viewer").await);
    let (water, salt) =
        (chemical(&app, "water", Some("7732-18-5"), None).await, chemical(&app, "salt", None, None).await);
    let room = location(&app, None, "room", "Room 1").await;
    let shelf = location(&app, Some(room), "shelf", "Shelf").await;
    for n in 0..24 {
        let mut more = json!({});
        if n % 2 == 0 {
            more["location_id"] = json!(if n % 4 == 0 { room } else { shelf });
        }
        if n % 3 == 0 {
            more["expires_on"] = json!(format!("2027-01-{:02}", 1 + n));
        }
        if n % 5 == 0 {
            more["low_at"] = json!({"value": "2", "unit": "L"});
        }
        let made = bottle_of(&app, &by, if n % 4 < 2 { water } else { salt }, "1", "L", more).await;
        if n % 6 == 5 {
            let events = app.path(&format!("/containers/{}/events", made["id"].as_str().unwrap()));
            by.post(&events, json!({"type": "empty"})).await.created();
        }
    }
    for query in [
        String::new(),
        "?include=gone".to_owned(),
        "?state=empty".to_owned(),
        "?low=true".to_owned(),
        "?q=water".to_owned(),
        "?expiring_before=2027-01-12".to_owned(),
        format!("?location_id={room}"),
        format!("?location_id={shelf}&chemical_id={salt}"),
        format!("?chemical_id={water}&include=gone"),
        format!("?chemical_id={}", Uuid::now_v7()),
    ] {
        let (rows, items) = (export(&app, &viewer, &query).await, listed(&app, &viewer, &query).await);
        let codes: Vec<_> = rows.iter().map(|row| &row[0]).collect();
        let wanted: Vec<_> = items.iter().map(|it| it["code"].as_str().unwrap()).collect();
        assert_eq!(codes, wanted, "{query}");
        assert!(query.contains("chemical_id=0") && !query.contains('&') || !codes.is_empty(), "{query} finds nothing");
    }
    let rows = export(&app, &viewer, &format!("?location_id={shelf}")).await;
    assert!(rows.iter().all(|row| &row[5] == "Room 1 > Shelf"), "{rows:?}");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_export_of_many_pages_has_each_bottle_once(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("viewer").await;
    make_many(&app, chemical(&app, "water", None, None).await, 2_500).await;
    let rows = export(&app, &by, "").await;
    let items = listed(&app, &by, "").await;
    let wanted: Vec<_> = items.iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!(rows.iter().map(|row| &row[0]).collect::<Vec<_>>(), wanted);
    assert_eq!(rows.len(), 2_500);
}

/// The database goes away when something has been sent. A compressor reads some thousand bottles before it gives more
/// than its header.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn an_export_that_fails_on_the_way_breaks_off_and_one_that_fails_before_is_a_problem(db: PgPool) {
    let app = TestApp::new(db).await;
    let by = app.client("viewer").await;
    make_many(&app, chemical(&app, "water", None, None).await, 15_000).await;
    for encoding in ["identity", "gzip"] {
        let app = app.restarted();
        let by = app.signed_in(&by).await.with_router(app.router.clone());
        let request = Request::get(app.path("/exports/containers.csv"))
            .header(header::HOST, "localhost")
            .header(header::ACCEPT_ENCODING, encoding)
            .header(header::AUTHORIZATION, format!("Bearer {}", by.token.as_deref().unwrap()))
            .body(Body::empty())
            .unwrap();
        let mut body = app.router.clone().oneshot(request).await.unwrap().into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(!first.is_empty());
        sqlx::raw_sql("alter table containers rename to gone").execute(&app.db).await.unwrap();
        // A server stops at the first error, and closes the connection without the end of the body.
        let mut is_cut_off = false;
        while let Some(frame) = body.frame().await {
            is_cut_off = frame.is_err();
            if is_cut_off {
                break;
            }
        }
        assert!(is_cut_off, "the end says that it is none: {encoding}");
        let answer = by.get(&app.path("/exports/containers.csv")).await;
        answer.problem(500, "internal");
        sqlx::raw_sql("alter table gone rename to containers").execute(&app.db).await.unwrap();
    }
}

/// Answers of more than one part, which nobody reads on.
#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn exports_of_one_person_that_nobody_reads_keep_only_that_person_from_more(db: PgPool) {
    let app = TestApp::new(db).await;
    let (greedy, other) = (app.client("viewer").await, app.client("viewer").await);
    let water = chemical(&app, "water", None, None).await;
    make_many(&app, water, 1500).await;
    let begin = async |by: &Client| {
        let request = Request::get(app.path("/exports/containers.csv"))
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, format!("Bearer {}", by.token.as_ref().unwrap()))
            .body(Body::empty());
        app.router.clone().oneshot(request.unwrap()).await.unwrap()
    };
    let mut unread = Vec::new();
    for _ in 0..3 {
        let answer = begin(&greedy).await;
        assert_eq!(answer.status(), 200);
        unread.push(answer);
    }
    assert_eq!(begin(&greedy).await.status(), 429);
    assert_eq!(export(&app, &other, "").await.len(), 1500);
    // What is read to its end, or not wanted any more, makes room.
    let whole = unread.pop().unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(String::from_utf8_lossy(&whole).lines().count(), 1501);
    assert_eq!(export(&app, &greedy, "").await.len(), 1500);
    unread.clear();
    assert_eq!(export(&app, &greedy, "").await.len(), 1500);
}
