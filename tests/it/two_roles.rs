//! One role owns the tables and migrates them, another one serves: it has no right to do more than that.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use std::borrow::Cow;

use chemstock::{
    base::clock::Clock,
    config::Config,
    doctor::{Level, examine},
    platform::{lanes::connect_options, migrations},
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool, error::DatabaseError};

use crate::{
    stock::containers::{assert_ledger_adds_up, bottle, events_of, path_of, withdraw},
    support::{
        TestApp,
        folder::Folder,
        instance::{command, database_url},
        schema::emptied,
    },
};

const PASSWORD: &str = "hunter2-hunter2";

/// Two roles of a database of their own.
struct Roles {
    db: PgPool,
    owner: String,
    server: String,
}

impl Roles {
    async fn new(db: PgPool) -> Self {
        emptied(&db).await;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let roles = Self { db, owner: format!("owner_{id}"), server: format!("server_{id}") };
        let name = roles.db.connect_options().get_database().unwrap().to_owned();
        let (owner, server) = (&roles.owner, &roles.server);
        roles.run(&format!("create role {owner} login password '{PASSWORD}'")).await;
        roles.run(&format!("create role {server} login password '{PASSWORD}'")).await;
        roles.run(&format!("alter database \"{name}\" owner to {owner}")).await;
        // As Postgres 15 has it from the start.
        roles.run("revoke create on schema public from public").await;
        roles.run(&format!("grant create on schema public to {owner}")).await;
        roles
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.db).await.unwrap();
    }

    fn url(&self, role: &str) -> String {
        let url = database_url(&self.db);
        let (_, place) = url.split_once('@').unwrap();
        format!("postgres://{role}:{PASSWORD}@{place}")
    }

    async fn connect(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.url(role)).await.unwrap()
    }

    async fn migrate(&self) {
        let owner = connect_options("MIGRATE_DATABASE_URL", &self.url(&self.owner), None).unwrap();
        migrations::run(&mut self.connect(&self.server).await, Some(&owner)).await.unwrap();
    }

    /// Roles belong to the server, which outlives the test.
    async fn drop(self) {
        let (owner, server) = (&self.owner, &self.server);
        for statement in [
            format!("drop owned by {server}"),
            format!("reassign owned by {owner} to current_user"),
            format!("drop owned by {owner}"),
            format!("drop role {owner}, {server}"),
        ] {
            self.run(&statement).await;
        }
    }
}

/// `chemstock migrate`, with what it says.
fn migrate(vars: &[(&str, &str)]) -> (bool, String) {
    let folder = Folder::new();
    let output = command(&folder, vars).arg("migrate").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains(PASSWORD), "{said}");
    (output.status.success(), said)
}

#[sqlx::test(migrations = false)]
async fn the_role_that_serves_leads_a_bottle_through_its_life_and_cannot_rewrite_its_ledger(db: PgPool) {
    let roles = Roles::new(db).await;
    roles.migrate().await;
    let app = TestApp::new(PgPool::connect(&roles.url(&roles.server)).await.unwrap()).await;
    let manager = app.client("manager").await;
    let room = json!({"kind": "room", "name": "R"});
    let room = manager.post(&app.path("/locations"), room).await.created();
    let made = bottle(&app, &manager, "100", "mL").await;
    let post = async |event| manager.post(&events_of(&app, &made), event).await.created();
    post(json!({"type": "move", "location_id": room["id"]})).await;
    let taken = post(withdraw("10", "mL")).await;
    post(json!({"type": "reverse", "event_id": taken["event"]["id"]})).await;
    manager.patch(&path_of(&app, &made), "*", json!({"note": "ours", "tare": {"value": "30", "unit": "g"}})).await.ok();
    manager.get(&app.path(&format!("/scan/{}", made["code"].as_str().unwrap()))).await.ok();
    manager.get(&app.path("/containers?q=ethanol")).await.ok();
    for kind in ["empty", "discard", "dispose"] {
        post(json!({"type": kind, "reason": "used up"})).await;
    }
    manager.delete(&app.path(&format!("/locations/{}", room["id"].as_str().unwrap())), "*").await.expect(204);
    app.drain().await;
    assert_ledger_adds_up(&app).await;

    let mut server = roles.connect(&roles.server).await;
    for statement in [
        "update stock_events set delta = 0",
        "delete from stock_events",
        "truncate stock_events",
        "alter table stock_events disable trigger stock_events_append_only",
        "drop table stock_events",
        "update journal set kind = 'x'",
        "delete from journal",
        "truncate journal",
        "alter table journal disable trigger journal_append_only",
        "update _sqlx_migrations set success = false",
        "create table more (id uuid)",
    ] {
        let refused = server.execute(statement).await.unwrap_err();
        let code = refused.as_database_error().and_then(DatabaseError::code).map(Cow::into_owned);
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {refused}");
    }
    let mut owner = roles.connect(&roles.owner).await;
    let refused = owner.execute("update stock_events set delta = 0").await.unwrap_err();
    assert!(refused.to_string().contains("append-only"), "{refused}");
    roles.drop().await;
}

#[sqlx::test(migrations = false)]
async fn many_that_migrate_at_once_and_again_leave_the_same_rights(db: PgPool) {
    let roles = Roles::new(db).await;
    tokio::join!(roles.migrate(), roles.migrate(), roles.migrate(), roles.migrate());
    roles.migrate().await;
    let rights = "select string_agg(distinct privilege_type, ',' order by privilege_type)
        from information_schema.table_privileges where grantee = $1 and table_name = $2";
    for (table, expected) in [
        ("containers", "DELETE,INSERT,SELECT,UPDATE"),
        ("stock_events", "INSERT,SELECT"),
        ("journal", "INSERT,SELECT"),
        ("journal_chain", "INSERT,SELECT"),
        ("journal_notary", "DELETE,INSERT,SELECT,UPDATE"),
        ("profiles", "SELECT"),
        ("_sqlx_migrations", "SELECT"),
    ] {
        let found: Option<String> =
            sqlx::query_scalar(rights).bind(&roles.server).bind(table).fetch_one(&roles.db).await.unwrap();
        assert_eq!(found.as_deref(), Some(expected), "{table}");
    }
    // A right that somebody gave by hand goes again, and one that somebody took comes back.
    roles
        .run(&format!("grant update, delete on stock_events to {0}; revoke insert on labs from {0}", roles.server))
        .await;
    roles.migrate().await;
    let mut server = roles.connect(&roles.server).await;
    assert_eq!(migrations::missing_rights(&mut server, &roles.server).await.unwrap(), Vec::<String>::new());
    assert!(server.execute("update stock_events set delta = 0").await.is_err());
    roles.drop().await;
}

#[sqlx::test(migrations = false)]
async fn a_server_without_the_owners_password_starts_and_says_what_it_lacks(db: PgPool) {
    let roles = Roles::new(db).await;
    let (owner, server) = (roles.url(&roles.owner), roles.url(&roles.server));
    let (worked, said) = migrate(&[("DATABASE_URL", &server)]);
    assert!(!worked && said.contains("may not change the tables") && said.contains("MIGRATE_DATABASE_URL"), "{said}");
    let (worked, said) = migrate(&[("DATABASE_URL", &server), ("MIGRATE_DATABASE_URL", &owner)]);
    assert!(worked, "{said}");
    let alone = [("DATABASE_URL", server.as_str())];
    let (worked, said) = migrate(&alone);
    assert!(worked, "{said}");

    roles.run(&format!("revoke insert, delete on labs from {}", roles.server)).await;
    let (worked, said) = migrate(&alone);
    assert!(
        !worked && said.contains("lacks rights") && said.contains("grant delete, insert on labs to server_"),
        "{said}"
    );
    roles.run("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)").await;
    let (worked, said) = migrate(&alone);
    assert!(!worked && said.contains("1 migrations have not run") && said.contains("MIGRATE_DATABASE_URL"), "{said}");
    roles.drop().await;
}

#[sqlx::test(migrations = false)]
async fn an_address_of_the_owner_that_is_wrong_is_told_by_its_name(db: PgPool) {
    let roles = Roles::new(db).await;
    let server = roles.url(&roles.server);
    let elsewhere = server.rsplit_once('/').map(|(place, _)| format!("{place}/postgres")).unwrap();
    let closed = format!("postgres://somebody:{PASSWORD}@127.0.0.1:1/chemstock");
    for (wrong, told) in [
        (closed.as_str(), "no connection to Postgres; check MIGRATE_DATABASE_URL"),
        (&roles.url("no_such_role"), "no connection to Postgres; check MIGRATE_DATABASE_URL"),
        (&elsewhere, "lead to two databases"),
        // Who owns nothing may make nothing.
        (&server, "the role of MIGRATE_DATABASE_URL may not change the tables"),
        ("mysql://localhost/chemstock", "MIGRATE_DATABASE_URL is malformed"),
    ] {
        let (worked, said) = migrate(&[("DATABASE_URL", &server), ("MIGRATE_DATABASE_URL", wrong)]);
        assert!(!worked && said.contains(told), "{told}: {said}");
    }
    let (worked, said) = migrate(&[("MIGRATE_DATABASE_URL", &server)]);
    assert!(!worked && said.contains("MIGRATE_DATABASE_URL is set without DATABASE_URL"), "{said}");
    roles.drop().await;
}

#[sqlx::test(migrations = false)]
async fn the_doctor_says_what_keeps_the_ledger_and_who_may_change_the_tables(db: PgPool) {
    let roles = Roles::new(db).await;
    roles.migrate().await;
    let (owner, server) = (roles.url(&roles.owner), roles.url(&roles.server));
    let look = async |url: &str, production: bool, level: Level, told: &str| {
        // Whoever serves as the owner need not know that there could be two roles.
        let vars = [("DATABASE_URL", url), ("MIGRATE_DATABASE_URL", &owner)];
        let vars = if url == owner { &vars[..1] } else { &vars[..] };
        let config = Config::from_vars(|name| vars.iter().find(|it| it.0 == name).map(|it| it.1.to_owned()));
        let mut config = config.unwrap();
        if production {
            config.environment = chemstock::config::Environment::Production;
        }
        let findings = examine(&config, &Clock::real()).await;
        assert!(!format!("{findings:?}").contains(PASSWORD), "{findings:#?}");
        let is_there = findings.iter().any(|it| it.level == level && it.to_string().contains(told));
        (is_there, format!("{level:?} {told}: {findings:#?}"))
    };
    for (url, production, level, told, expected) in [
        (&server, true, Level::Ok, "the ledger is append-only by privilege", true),
        (&server, true, Level::Ok, "the journal is append-only by privilege", true),
        (&server, true, Level::Ok, "the chain of the journal is append-only by privilege", true),
        (&server, true, Level::Ok, "the list of the journal's heads is append-only by privilege", true),
        (&server, true, Level::Ok, "has the rights that serving takes", true),
        (&server, true, Level::Problem, "may not create tables", false),
        (&server, true, Level::Warning, "DATABASE_URL may change the tables", false),
        (&owner, true, Level::Ok, "the ledger is append-only by its trigger", true),
        (&owner, true, Level::Ok, "the journal is append-only by its trigger", true),
        (&owner, true, Level::Ok, "the chain of the journal is append-only by its trigger", true),
        (&owner, true, Level::Ok, "the list of the journal's heads is append-only by its trigger", true),
        (&owner, true, Level::Warning, "DATABASE_URL may change the tables", true),
        (&owner, false, Level::Warning, "DATABASE_URL may change the tables", false),
    ] {
        let (found, all) = look(url, production, level, told).await;
        assert_eq!(found, expected, "{all}");
    }
    let triggers = "select relname::text from pg_trigger join pg_class c on c.oid = tgrelid
        where tgname like '%\\_append\\_only' order by relname";
    let triggers: Vec<String> = sqlx::query_scalar(triggers).fetch_all(&roles.db).await.unwrap();
    let mut known = migrations::APPEND_ONLY;
    known.sort_unstable();
    assert_eq!(triggers, known, "each is looked at");
    for table in known {
        roles.run(&format!("alter table {table} disable trigger {table}_append_only")).await;
    }
    for of in ["the ledger", "the journal", "the chain of the journal", "the list of the journal's heads"] {
        let told = &format!("lines of {of} can be changed");
        let (found, all) = look(&owner, false, Level::Problem, told).await;
        assert!(found, "{all}");
    }
    roles.run(&format!("revoke select on labs from {}", roles.server)).await;
    let (found, all) = look(&server, false, Level::Problem, "grant select on labs to server_").await;
    assert!(found, "{all}");
    roles.drop().await;
}
