//! Postgres: is it there, may we use it, is it ours, does it tell the same time?

use std::{error::Error as _, time::Duration, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::{Finding, codes, notary, roles};
use crate::{
    base::clock::Clock,
    config::{Authorities, Config},
    platform::{
        lanes::{Lanes, connect_options},
        migrations::{self, MIGRATIONS, Schema},
    },
};

const PART: &str = "database";
const CONNECT_WITHIN: Duration = Duration::from_secs(4);
const OLDEST: i32 = 140_000;
/// A login takes five statements.
const SLOW: Duration = Duration::from_millis(20);
/// Our own tokens pass that much before their time, as servers that share keys do not share a clock to the second.
const MOST_SKEW: TimeDelta = TimeDelta::seconds(5);
const SKEW: TimeDelta = TimeDelta::seconds(1);

pub(super) async fn look(config: &Config, clock: &Clock) -> Vec<Finding> {
    let Some(url) = &config.database_url else {
        return vec![embedded()];
    };
    let authorities = config.authorities.as_ref();
    let mut findings = match connect("DATABASE_URL", url, authorities).await {
        Ok((mut db, place)) => {
            let findings = examine(&mut db, &place, config, clock).await;
            drop(db.close().await);
            findings.unwrap_or_else(|error| vec![unreachable("DATABASE_URL", &place, &error)])
        }
        Err(finding) => vec![finding],
    };
    if let Some(url) = &config.migrate_database_url {
        match connect("MIGRATE_DATABASE_URL", url, authorities).await {
            Ok((db, _)) => drop(db.close().await),
            Err(finding) => findings.push(finding),
        }
    }
    findings
}

/// With its host and port.
async fn connect(
    variable: &'static str,
    url: &SecretString,
    authorities: Option<&Authorities>,
) -> Result<(PgConnection, String), Finding> {
    let options = connect_options(variable, url.expose_secret(), authorities).map_err(|wrong| {
        let wrong = format!("cannot be reached as it is set: {wrong}");
        Finding::problem(PART, wrong, "give postgresql://user:password@host:port/database")
    })?;
    let place = format!("{}:{}", options.get_host(), options.get_port());
    match tokio::time::timeout(CONNECT_WITHIN, options.disable_statement_logging().connect()).await {
        Ok(Ok(db)) => Ok((db, place)),
        Ok(Err(error)) => Err(unreachable(variable, &place, &error)),
        Err(_) => {
            let remedy = format!("look at its firewall, and at host and port in {variable}");
            Err(Finding::problem(PART, format!("{place} does not answer"), remedy))
        }
    }
}

fn embedded() -> Finding {
    if cfg!(feature = "embedded") {
        Finding::ok(PART, "embedded, below DATA_DIR; not opened, as a server may be using it")
    } else {
        Finding::problem(PART, "DATABASE_URL is not set, and this build has no database in it", "set DATABASE_URL")
    }
}

/// By its kind: the driver's own text may quote what the address says.
fn unreachable(variable: &str, place: &str, error: &sqlx::Error) -> Finding {
    let (wrong, remedy) = match error {
        sqlx::Error::Database(refused) => match refused.code().as_deref() {
            Some("28P01" | "28000") => ("refuses the user or the password", "mend VARIABLE, or its pg_hba.conf"),
            Some("3D000") => ("has no such database", "create it (createdb), or mend its name in VARIABLE"),
            Some("53300") => ("has no connection left", "raise its max_connections, or end who holds them"),
            Some("57P03") => ("is starting or stopping", "wait"),
            Some("42501") => ("forbids what is needed", "grant the user of VARIABLE the rights on its schema"),
            _ => ("refused", "look at its log"),
        },
        sqlx::Error::Tls(_) => ("cannot be reached by TLS", "look at sslmode in VARIABLE, and its certificate"),
        sqlx::Error::Io(_) => ("cannot be reached", "start it, or mend host and port in VARIABLE"),
        _ => ("answers what is not understood", "see that it is a Postgres"),
    };
    let remedy = remedy.replace("VARIABLE", variable);
    let detail = match error {
        sqlx::Error::Database(refused) => refused.code().map(|code| format!(" (SQLSTATE {code})")),
        sqlx::Error::Io(cause) => Some(format!(" ({})", cause.kind())),
        other => other.source().map(|_| " (see its log)".to_owned()),
    };
    Finding::problem(PART, format!("{place} {wrong}{}", detail.unwrap_or_default()), remedy)
}

#[derive(sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "a row of answers")]
struct State {
    version: i32,
    connections: i64,
    is_read_only: bool,
    may_create: bool,
    may_extend: bool,
    has_trigrams: bool,
    could_have_trigrams: bool,
    is_migrated: bool,
    time: DateTime<Utc>,
}

async fn examine(db: &mut PgConnection, place: &str, config: &Config, clock: &Clock) -> sqlx::Result<Vec<Finding>> {
    let mut fastest = Duration::MAX;
    for _warm_then_measured in 0..4 {
        let start = Instant::now();
        db.ping().await?;
        fastest = fastest.min(start.elapsed());
    }
    let before = clock.now();
    // Not a checked query: that would be checked against a database where all is well.
    let state: State = sqlx::query_as(
        "select current_setting('server_version_num')::int as version,
            current_setting('max_connections')::bigint as connections,
            pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as is_read_only,
            coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,
            has_database_privilege(current_database(), 'create') as may_extend,
            exists (select from pg_extension where extname = 'pg_trgm') as has_trigrams,
            exists (select from pg_available_extensions where name = 'pg_trgm') as could_have_trigrams,
            to_regclass('_sqlx_migrations') is not null as is_migrated,
            clock_timestamp() as time",
    )
    .fetch_one(&mut *db)
    .await?;
    let middle = before + (clock.now() - before) / 2;
    let mut findings = vec![reached(place, state.version, fastest)];
    let another_migrates = config.migrate_database_url.is_some() || !migrations::owns_tables(db).await?;
    findings.extend(rights(&state, another_migrates));
    findings.extend(roles::examine(db, config).await?);
    // Whoever may not read that table has been told of more than that by now.
    let migrated = migrations(db, state.is_migrated).await;
    findings.push(migrated.unwrap_or_else(|error| unreachable("DATABASE_URL", place, &error)));
    findings.extend(codes::look(db).await?);
    findings.extend(notary::look(db, clock.now()).await);
    findings.push(skew(state.time - middle));
    Ok(findings)
}

fn reached(place: &str, version: i32, latency: Duration) -> Finding {
    let (major, millis) = (version / 10_000, latency.as_secs_f64() * 1000.0);
    let found = format!("Postgres {major} at {place} answers in {millis:.2} ms");
    if version < OLDEST {
        Finding::problem(PART, format!("{found}, but is too old"), "upgrade it to 14 or newer")
    } else if latency > SLOW {
        Finding::warning(PART, found, "each request asks up to three times: put the server near its database")
    } else {
        Finding::ok(PART, found)
    }
}

/// Where another role migrates, this one need not make anything.
fn rights(state: &State, another_migrates: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if state.is_read_only {
        let remedy = "connect to the primary, and see that default_transaction_read_only is off";
        findings.push(Finding::problem(PART, "takes no writes (a replica, or read-only)", remedy));
    }
    if state.may_create {
        findings.push(Finding::ok(PART, "the user may create tables"));
    } else if !another_migrates {
        let remedy = "grant create, usage on its schema (alter database … owner to the user does)";
        findings.push(Finding::problem(PART, "the user may not create tables", remedy));
    }
    findings.push(match (state.has_trigrams, state.could_have_trigrams, state.may_extend) {
        (true, _, _) => Finding::ok(PART, "the extension pg_trgm is there"),
        (false, true, may_extend) if may_extend || another_migrates && !state.is_migrated => {
            Finding::ok(PART, "the extension pg_trgm can be created")
        }
        (false, true, _) => Finding::problem(
            PART,
            "the extension pg_trgm is not created, and the user may not create it",
            "run `create extension pg_trgm` as the owner of the database",
        ),
        (false, false, _) => {
            Finding::problem(PART, "the extension pg_trgm is not installed", "install postgresql-contrib on its server")
        }
    });
    if state.connections < i64::from(Lanes::MOST) {
        let found = format!("max_connections is {}; one server opens up to {}", state.connections, Lanes::MOST);
        findings.push(Finding::warning(PART, found, "raise max_connections, for each server that shares it"));
    }
    findings
}

async fn migrations(db: &mut PgConnection, is_migrated: bool) -> sqlx::Result<Finding> {
    if !is_migrated {
        let remedy = "`chemstock migrate` makes the tables, and so does the first start";
        return Ok(Finding::warning(PART, "is empty", remedy));
    }
    Ok(match migrations::look(db).await? {
        Schema::Broken => {
            let remedy = "restore the database, then run `chemstock migrate`";
            Finding::problem(PART, "a migration broke off half-way", remedy)
        }
        Schema::Newer => {
            let remedy = "use that version; this one serves until then if it is the release before it";
            Finding::warning(PART, "was migrated by a newer version of this program", remedy)
        }
        Schema::Foreign => {
            let remedy = "use an official build, or another database";
            Finding::problem(PART, "was migrated by another program than this one", remedy)
        }
        Schema::Behind(n) => {
            let remedy = "run `chemstock migrate`, or start the server, which does it too";
            Finding::warning(PART, format!("{n} migrations have not run yet"), remedy)
        }
        Schema::Current => Finding::ok(PART, format!("all {} migrations have run", MIGRATIONS.iter().count())),
    })
}

/// How far its clock is ahead of ours.
fn skew(ahead: TimeDelta) -> Finding {
    const PART: &str = "clock";
    #[expect(clippy::cast_precision_loss, reason = "for the eye")]
    let found = format!("{:+.1} s from the database's", -(ahead.num_milliseconds() as f64) / 1000.0);
    let remedy = "let both machines keep time with NTP: codes, tokens and limits are judged by it";
    match ahead.abs() {
        off if off > MOST_SKEW => Finding::problem(PART, found, remedy),
        off if off > SKEW => Finding::warning(PART, found, remedy),
        _ => Finding::ok(PART, found),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Level, *};

    #[test]
    fn a_second_between_the_clocks_is_a_warning_and_more_than_five_a_problem() {
        let level = |millis| skew(TimeDelta::milliseconds(millis)).level;
        assert_eq!([0, 1000, -1000].map(level), [Level::Ok; 3]);
        assert_eq!([1001, -5000].map(level), [Level::Warning; 2]);
        assert_eq!([5001, -86_400_000].map(level), [Level::Problem; 2]);
        assert_eq!(skew(TimeDelta::seconds(7)).found, "-7.0 s from the database's");
    }

    #[test]
    fn an_old_postgres_is_a_problem_and_a_slow_one_a_warning() {
        let level = |version, millis| reached("host:5432", version, Duration::from_millis(millis)).level;
        assert_eq!(level(130_012, 1), Level::Problem);
        assert_eq!(level(140_000, 1), Level::Ok);
        assert_eq!(level(170_002, 21), Level::Warning);
    }
}
