//! Who may do what at Postgres: one role owns the tables and serves, or one owns them and another one serves.

use sqlx::PgConnection;

use super::Finding;
use crate::{config::Config, platform::migrations};

const PART: &str = "database";

/// A table of which no line is ever changed.
#[derive(sqlx::FromRow)]
struct AppendOnly {
    table: String,
    may_rewrite: bool,
    has_trigger: bool,
}

pub(super) async fn examine(db: &mut PgConnection, config: &Config) -> sqlx::Result<Vec<Finding>> {
    let tables: Vec<AppendOnly> = sqlx::query_as(
        "select t.name as table,
            has_table_privilege(t.oid, 'update') or has_table_privilege(t.oid, 'delete')
                or has_table_privilege(t.oid, 'truncate') as may_rewrite,
            exists (
                select from pg_trigger
                where tgrelid = t.oid and tgname = t.name || '_append_only' and tgenabled in ('O', 'A')
            ) as has_trigger
        from (select name, to_regclass(name)::oid as oid from unnest($1::text[]) name) t
        where t.oid is not null",
    )
    .bind(&migrations::APPEND_ONLY[..])
    .fetch_all(&mut *db)
    .await?;
    let may_create: bool =
        sqlx::query_scalar("select coalesce(has_schema_privilege(current_schema(), 'create'), false)")
            .fetch_one(&mut *db)
            .await?;
    let owns = migrations::owns_tables(db).await?;
    let mut findings: Vec<_> = tables.iter().map(append_only).collect();
    if !owns {
        findings.push(serving(db).await?);
    }
    if config.is_production() && (owns || may_create) {
        let found = "the role of DATABASE_URL may change the tables, and so may whoever gets hold of its password";
        let remedy = "serve as a role that owns nothing and may create nothing (docs/operations.md, \"Two roles\")";
        findings.push(Finding::warning(PART, found, remedy));
    }
    Ok(findings)
}

fn append_only(AppendOnly { table, may_rewrite, has_trigger }: &AppendOnly) -> Finding {
    let called = match table.as_str() {
        "stock_events" => "ledger",
        "journal" => "journal",
        "journal_chain" => "chain of the journal",
        _ => "list of the journal's heads",
    };
    match (may_rewrite, has_trigger) {
        (false, _) => Finding::ok(PART, format!("the {called} is append-only by privilege")),
        (true, true) => Finding::ok(PART, format!("the {called} is append-only by its trigger")),
        (true, false) => Finding::problem(
            PART,
            format!("lines of the {called} can be changed: its trigger {table}_append_only is off or gone"),
            format!("run `alter table {table} enable trigger {table}_append_only`, or serve as a role of its own"),
        ),
    }
}

async fn serving(db: &mut PgConnection) -> sqlx::Result<Finding> {
    let role = migrations::role(db).await?;
    let missing = migrations::missing_rights(db, &role).await?;
    Ok(if missing.is_empty() {
        Finding::ok(PART, format!("the role {role} has the rights that serving takes"))
    } else {
        let remedy = format!("run `chemstock migrate` with MIGRATE_DATABASE_URL, or: {}", missing.join("; "));
        Finding::problem(PART, format!("the role {role} lacks rights that serving takes"), remedy)
    })
}
