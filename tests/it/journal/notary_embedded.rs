//! The notary on the database of development, which has one connection.

use std::time::Duration;

use chemstock::{
    base::{
        clock::Clock,
        secrets::SecretKey,
        tokens::{KeyRing, Tokens},
    },
    clients::console::Console,
    config::Config,
    journal::notary,
    platform::{
        app::App,
        embedded::Embedded,
        lanes::{FRESH_FOR, Lanes, pool_options},
    },
};
use uuid::Uuid;

use super::write;
use crate::support::folder::Folder;

async fn app(server: &Embedded) -> App {
    let pool = pool_options().max_connections(1).acquire_timeout(Duration::from_mins(1));
    let lanes = Lanes::single(pool.connect(&server.url()).await.unwrap(), FRESH_FOR);
    let config = Config::from_vars(|_| None).expect("a valid configuration");
    let ring = KeyRing::from_pems(&[KeyRing::generate_pem()]).expect("a new key");
    let tokens = Tokens::new(ring, "chemstock", "chemstock", config.jwt.access_ttl);
    let app = App::new(config, Clock::real(), tokens, SecretKey::new(&[7; 32]), Console::terminal(), lanes);
    app.migrate().await.unwrap();
    app
}

async fn positions(app: &App) -> Vec<i64> {
    let mut db = app.db().await.unwrap();
    let positions = "select position from journal_chain order by lab_id, position";
    sqlx::query_scalar(positions).fetch_all(&mut *db).await.unwrap()
}

async fn write_some(app: &App) {
    let mut db = app.db().await.unwrap();
    for _ in 0..3 {
        write(&mut db, Uuid::nil()).await.unwrap();
    }
}

#[tokio::test]
async fn lines_are_numbered_on_the_embedded_database_also_after_a_restart() {
    let folder = Folder::new();
    for last in [6, 12] {
        let server = Embedded::start(&folder.0).await.unwrap();
        let app = app(&server).await;
        write_some(&app).await;
        while notary::step(&app).await.unwrap() > 0 {}
        write_some(&app).await;
        while notary::step(&app).await.unwrap() > 0 {}
        notary::measure(app.clone()).await.unwrap();
        assert_eq!(positions(&app).await, (1..=last).collect::<Vec<_>>());
        app.lanes().close().await;
        server.close().await.unwrap();
    }
}
