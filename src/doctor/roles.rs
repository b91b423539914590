//! Who may do what at Postgres: one role owns the tables and serves, or one owns them and another one serves.

use sqlx::PgConnection;

use super::Finding;
use crate::{config::Config, platform::migrations};

const PART: &str = "database";

#[derive(sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "a row of answers")]
struct Rights {
    has_ledger: bool,
    may_rewrite: bool,
    has_trigger: bool,
    may_create: bool,
}

pub(super) async fn examine(db: &mut PgConnection, config: &Config) -> sqlx::Result<Vec<Finding>> {
    let rights: Rights = sqlx::query_as(
        "select l.oid is not null as has_ledger,
            coalesce(has_table_privilege(l.oid, 'update') or has_table_privilege(l.oid, 'delete')
                or has_table_privilege(l.oid, 'truncate'), false) as may_rewrite,
            exists (
                select from pg_trigger
                where tgrelid = l.oid and tgname = 'stock_events_append_only' and tgenabled in ('O', 'A')
            ) as has_trigger,
            coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create
        from (select to_regclass('stock_events')::oid as oid) l",
    )
    .fetch_one(&mut *db)
    .await?;
    let owns = migrations::owns_tables(db).await?;
    let mut findings = Vec::new();
    if rights.has_ledger {
        findings.push(ledger(rights.may_rewrite, rights.has_trigger));
    }
    if !owns {
        findings.push(serving(db).await?);
    }
    if config.is_production() && (owns || rights.may_create) {
        let found = "the role of DATABASE_URL may change the tables, and so may whoever gets hold of its password";
        let remedy = "serve as a role that owns nothing and may create nothing (docs/operations.md, \"Two roles\")";
        findings.push(Finding::warning(PART, found, remedy));
    }
    Ok(findings)
}

fn ledger(may_rewrite: bool, has_trigger: bool) -> Finding {
    match (may_rewrite, has_trigger) {
        (false, _) => Finding::ok(PART, "the ledger is append-only by privilege"),
        (true, true) => Finding::ok(PART, "the ledger is append-only by its trigger"),
        (true, false) => Finding::problem(
            PART,
            "lines of the ledger can be changed: its trigger stock_events_append_only is off or gone",
            "run `alter table stock_events enable trigger stock_events_append_only`, or serve as a role of its own",
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
