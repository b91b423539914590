//! Bringing the database up to date. The role of `MIGRATE_DATABASE_URL`, where it is set, owns the tables and changes
//! them; that of `DATABASE_URL` then serves, and has the rights on rows that this takes. Without it one role does both.

use std::{borrow::Cow, collections::HashMap, time::Duration};

use anyhow::{Context as _, bail, ensure};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection,
    error::DatabaseError,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
};
use tokio::time::{sleep, timeout};

use crate::platform::lanes;

pub static MIGRATIONS: Migrator = sqlx::migrate!();

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const TWO_ROLES: &str = "run `chemstock migrate` with MIGRATE_DATABASE_URL (docs/operations.md, \"Two roles\")";

/// `owner` is who changes the tables, if it is another role than the one of `serving`.
pub async fn run(serving: &mut PgConnection, owner: Option<&PgConnectOptions>) -> anyhow::Result<()> {
    let Some(owner) = owner else { return run_alone(serving).await };
    let mut owner = timeout(CONNECT_WITHIN, owner.connect())
        .await
        .context("no answer from Postgres; check MIGRATE_DATABASE_URL")?
        .context("no connection to Postgres; check MIGRATE_DATABASE_URL")?;
    let is_same = database(&mut owner).await? == database(serving).await?;
    ensure!(is_same, "MIGRATE_DATABASE_URL and DATABASE_URL lead to two databases: give two roles of one");
    migrate(&mut owner, "MIGRATE_DATABASE_URL", "make it the owner of all tables").await?;
    grant(&mut owner, &role(serving).await?).await.context("the rights of the role of DATABASE_URL")?;
    owner.close().await.ok();
    Ok(())
}

/// The role that serves migrates, too, unless the tables are another one's: then it looks whether that one has.
async fn run_alone(serving: &mut PgConnection) -> anyhow::Result<()> {
    if !owns_tables(serving).await? {
        return check(serving).await;
    }
    let done = migrate(serving, "DATABASE_URL", TWO_ROLES).await;
    lanes::set_up(serving).await?;
    done
}

/// Whoever waits for the lock of a table keeps everybody after it waiting, too. So a migration waits for a moment, and
/// comes again.
const LOCK_WITHIN: &str = "set lock_timeout = '5s'";
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(2);
const MOST_TRIES: u32 = 150;

/// With no limit for a statement, as large tables are rewritten.
async fn migrate(db: &mut PgConnection, variable: &str, remedy: &str) -> anyhow::Result<()> {
    db.execute("set statement_timeout = 0").await?;
    db.execute(LOCK_WITHIN).await?;
    let known =
        Migrator { migrations: Cow::Borrowed(&MIGRATIONS.migrations), ignore_missing: true, ..Migrator::DEFAULT };
    let mut tries = 1;
    let done = loop {
        if let Err(why) = look_before(db).await {
            break Err(why);
        }
        match known.run(&mut *db).await {
            Err(error) if waits_for_another(&error) => {
                tracing::info!("another instance migrates the database; waiting until it has");
            }
            Err(error) if is_locked(&error) && tries < MOST_TRIES => {
                tries += 1;
                tracing::warn!(cause = %error, tries, "a migration waits for a table that is in use");
            }
            Err(error) => break Err(explained(error, variable, remedy)),
            Ok(()) => break Ok(()),
        }
        // It keeps its lock when it fails.
        db.execute("select pg_advisory_unlock_all()").await?;
        sleep(TRIED_AGAIN_AFTER).await;
    };
    db.execute("select pg_advisory_unlock_all()").await?;
    done
}

/// Says what is about to happen, and what no migration mends.
async fn look_before(db: &mut PgConnection) -> anyhow::Result<()> {
    let is_empty: bool =
        sqlx::query_scalar("select to_regclass('_sqlx_migrations') is null").fetch_one(&mut *db).await?;
    if is_empty {
        return Ok(());
    }
    match look(db).await.context("what was migrated cannot be read")? {
        Schema::Behind(n) => tracing::info!("{n} migrations have not run yet; running them"),
        state => state.check()?,
    }
    Ok(())
}

fn sqlstate(error: &MigrateError) -> Option<Cow<'_, str>> {
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = error else { return None };
    cause.as_database_error().and_then(DatabaseError::code)
}

fn is_locked(error: &MigrateError) -> bool {
    sqlstate(error).is_some_and(|code| code == "55P03")
}

/// For the lock that lets one migrate at a time, which it takes before everything else.
fn waits_for_another(error: &MigrateError) -> bool {
    matches!(error, MigrateError::Execute(_)) && is_locked(error)
}

fn explained(error: MigrateError, variable: &str, remedy: &str) -> anyhow::Error {
    let context = match sqlstate(&error).as_deref() {
        // Also who may not even use the schema, and so has none.
        Some("42501" | "3F000") => format!("the role of {variable} may not change the tables: {remedy}"),
        Some("55P03") => "a table is in use all the time: end the long transactions on it, and start again".to_owned(),
        _ => "migration".to_owned(),
    };
    anyhow::Error::new(error).context(context)
}

/// One database of one running server.
async fn database(db: &mut PgConnection) -> sqlx::Result<String> {
    let which = "select (oid, pg_postmaster_start_time())::text from pg_database where datname = current_database()";
    sqlx::query_scalar(which).fetch_one(db).await
}

pub async fn role(db: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar("select current_user::text").fetch_one(db).await
}

/// Also of a database that is still empty.
pub async fn owns_tables(db: &mut PgConnection) -> sqlx::Result<bool> {
    let owns = "select coalesce((
        select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('_sqlx_migrations')), true)";
    sqlx::query_scalar(owns).fetch_one(db).await
}

/// Whether the database is as this build expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// So many migrations have not run.
    Behind(usize),
    /// A migration broke off half-way.
    Broken,
    /// All of ours have run, and others, which the version before theirs can live with.
    Newer,
    /// Another program than this one migrated it: it has others in the place of ours.
    Foreign,
}

impl Schema {
    /// Whether this version can serve on it, or brings it up to date.
    fn check(self) -> anyhow::Result<()> {
        match self {
            Self::Current | Self::Behind(_) => {}
            Self::Newer => tracing::warn!(
                "the database was migrated by a newer version; this one serves on it, which is made for a while: the \
                 one release before the newer one"
            ),
            Self::Broken => bail!(
                "a migration broke off half-way (table _sqlx_migrations, success = false): restore the database as it \
                 was before, and start again"
            ),
            Self::Foreign => bail!(
                "a migration that has run is not the one of this program: use the build that migrated this database, or \
                 an official one of the same or a later version"
            ),
        }
        Ok(())
    }
}

/// Of a database that was migrated once.
pub async fn look(db: &mut PgConnection) -> sqlx::Result<Schema> {
    let rows = sqlx::query_as("select version, success, checksum from _sqlx_migrations");
    let rows: Vec<(i64, bool, Vec<u8>)> = rows.fetch_all(db).await?;
    let ours: HashMap<i64, &[u8]> = MIGRATIONS.iter().map(|it| (it.version, &*it.checksum)).collect();
    let known = rows.iter().filter(|(version, ..)| ours.contains_key(version)).count();
    Ok(if rows.iter().any(|(_, success, _)| !success) {
        Schema::Broken
    } else if rows.iter().any(|(version, _, sum)| ours.get(version).is_some_and(|ours| *ours != sum.as_slice())) {
        Schema::Foreign
    } else {
        match (ours.len() - known, rows.len() - known) {
            (0, 0) => Schema::Current,
            (0, _) => Schema::Newer,
            (missing, 0) => Schema::Behind(missing),
            _ => Schema::Foreign,
        }
    })
}

async fn check(serving: &mut PgConnection) -> anyhow::Result<()> {
    let role = role(serving).await?;
    let state =
        look(serving).await.with_context(|| format!("the role {role} may not see what was migrated: {TWO_ROLES}"))?;
    match state {
        Schema::Behind(n) => bail!("{n} migrations have not run, and the role {role} may not run them: {TWO_ROLES}"),
        state => state.check()?,
    }
    let missing = missing_rights(serving, &role).await?;
    ensure!(
        missing.is_empty(),
        "the role {role} of DATABASE_URL lacks rights: {TWO_ROLES}, or as the owner of the tables: {}",
        missing.join("; ")
    );
    Ok(())
}

/// Tables of which no line is ever changed: the ledger, the journal, and the proof of both. The role that serves may
/// read and insert; `<table>_append_only` is the trigger that holds for the owner, too.
pub const APPEND_ONLY: [&str; 4] = ["stock_events", "journal", "journal_chain", "journal_heads"];

/// What the role that serves may do with each table of ours: with rows all, but lines of journal and
/// ledger, and their chain, stay as they are.
const NEEDED: &str = "
    select c.oid, case
        when c.relkind = 'v' or c.relname = '_sqlx_migrations' then '{select}'
        when c.relname = any ($2::text[]) then '{select,insert}'
        else '{select,insert,update,delete}' end::text[] as needed
    from pg_class c join pg_class m on m.oid = to_regclass('_sqlx_migrations')
        and c.relowner = m.relowner and c.relnamespace = m.relnamespace
    where c.relkind in ('r', 'p', 'v')";

/// The statements that give the role what it lacks; none for one that has the owner's rights.
pub async fn missing_rights(db: &mut PgConnection, role: &str) -> sqlx::Result<Vec<String>> {
    let sql = format!(
        "select format('grant usage on schema %I to %I', current_schema(), $1::text)
        where not has_schema_privilege($1::text, current_schema(), 'usage')
        union all
        (select format('grant %s on %s to %I', string_agg(p, ', ' order by p), t.oid::regclass, $1::text)
        from ({NEEDED}) t cross join unnest(t.needed) p
        where not has_table_privilege($1::text, t.oid, p) group by t.oid order by t.oid::regclass::text)
        union all
        select format('grant usage on sequence %s to %I', c.oid::regclass, $1::text)
        from pg_class c join pg_class m on m.oid = to_regclass('_sqlx_migrations')
            and c.relowner = m.relowner and c.relnamespace = m.relnamespace
        where case when c.relkind = 'S' then not has_sequence_privilege($1::text, c.oid, 'usage') end"
    );
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(role).bind(&APPEND_ONLY[..]).fetch_all(db).await
}

/// Those who start at the same time do it one after the other.
#[expect(clippy::disallowed_methods, reason = "rights of roles, which nobody sees in the product")]
async fn grant(owner: &mut PgConnection, role: &str) -> sqlx::Result<()> {
    let mut tx = owner.begin().await?;
    tx.execute("select pg_advisory_xact_lock(hashtextextended('chemstock roles', 0))").await?;
    let is_owner =
        "select pg_has_role($1::text, relowner, 'usage') from pg_class where oid = to_regclass('_sqlx_migrations')";
    if sqlx::query_scalar(is_owner).bind(role).fetch_one(&mut *tx).await? {
        return Ok(());
    }
    let default = "select format('alter default privileges in schema %I grant %s to %I', current_schema(), p, $1::text)
        from unnest('{\"select, insert, update, delete on tables\",usage on sequences}'::text[]) p
        union all
        select format('revoke update, delete, truncate on %I from %I', t, $1::text)
        from unnest($2::text[]) t
        where has_table_privilege($1::text, t, 'update, delete, truncate')";
    let mut statements = missing_rights(&mut tx, role).await?;
    statements
        .extend(sqlx::query_scalar::<_, String>(default).bind(role).bind(&APPEND_ONLY[..]).fetch_all(&mut *tx).await?);
    for statement in statements {
        tx.execute(AssertSqlSafe(statement)).await?;
    }
    tx.commit().await
}
