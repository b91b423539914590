//! On the database of development, which has one connection.

use std::time::Duration;

use chemstock::{
    base::{
        clock::Clock,
        secrets::SecretKey,
        tokens::{KeyRing, Tokens},
    },
    clients::console::Console,
    config::Config,
    platform::{
        app::App,
        embedded::Embedded,
        jobs::{self, Queue, Runner},
        lanes::{FRESH_FOR, Lanes, pool_options},
    },
};
use chrono::{TimeDelta, Utc};

use super::{Panic, Write, probe, registry};
use crate::support::folder::Folder;

async fn app(server: &Embedded) -> App {
    let pool = pool_options().max_connections(1).acquire_timeout(Duration::from_mins(1));
    let lanes = Lanes::single(pool.connect(&server.url()).await.unwrap(), FRESH_FOR);
    let config = Config::from_vars(|_| None).expect("a valid configuration");
    let ring = KeyRing::from_pems(&[KeyRing::generate_pem()]).expect("a new key");
    let tokens = Tokens::new(ring, "chemstock", "chemstock", config.jwt.access_ttl);
    let clock = Clock::manual(chrono::DateTime::<Utc>::from_timestamp(1_795_000_000, 0).unwrap());
    let app = App::new(config, clock, tokens, SecretKey::new(&[7; 32]), Console::terminal(), lanes);
    app.migrate().await.unwrap();
    app
}

#[tokio::test]
async fn jobs_that_tell_their_progress_run_on_the_embedded_database_and_its_one_connection() {
    let folder = Folder::new();
    let server = Embedded::start(&folder.0).await.unwrap();
    let app = app(&server).await;
    let mut db = app.db().await.unwrap();
    for n in 0..30 {
        jobs::enqueue(&mut db, &Write(n), Queue::default(), app.clock.now()).await.unwrap();
    }
    jobs::enqueue(&mut db, &Panic { phone: String::new() }, Queue::default(), app.clock.now()).await.unwrap();
    drop(db);
    assert_eq!(Runner::new(app.clone(), registry()).run_due().await.unwrap(), 31);
    assert_eq!(probe(&app).written().len(), 30);
    app.clock.advance(TimeDelta::seconds(5));
    probe(&app).let_go();
    assert_eq!(Runner::new(app.clone(), registry()).run_due().await.unwrap(), 1);
    let mut db = app.db().await.unwrap();
    let done: i64 =
        sqlx::query_scalar("select count(*) from jobs where state = 'done'").fetch_one(&mut *db).await.unwrap();
    assert_eq!(done, 31);
    drop(db);
    app.lanes().close().await;
    server.close().await.unwrap();
}
